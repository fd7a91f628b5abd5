"""The collection as files: its roles, their variables and tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[2]
COLLECTION = REPOSITORY / "ansible"
ROLES = sorted(path for path in (COLLECTION / "roles").iterdir() if (path / "tasks").is_dir())
PLAYBOOKS = sorted((COLLECTION / "playbooks").glob("*.yml"))
_NESTED = ("block", "rescue", "always")


@dataclass(frozen=True)
class Task:
    """One task as it is written, with what it inherits from the blocks around it."""

    file: Path
    words: dict[str, Any]
    no_log: bool

    @property
    def name(self) -> str:
        return str(self.words.get("name", ""))

    @property
    def arguments(self) -> Any:
        """What the task gives its module."""
        return next((value for key, value in self.words.items() if "." in key), None)


def read(path: Path) -> Any:
    """Return a YAML file's document."""
    return yaml.safe_load(path.read_text())


def tasks_of(role: Path) -> Iterator[Task]:
    """Yield every task and handler of a role."""
    for file in sorted([*role.glob("tasks/**/*.yml"), *role.glob("handlers/**/*.yml")]):
        yield from _tasks(file, read(file) or [], no_log=False)


def tasks_of_playbook(path: Path) -> Iterator[Task]:
    """Yield every task that a playbook has by itself."""
    for play in read(path):
        for part in ("pre_tasks", "tasks", "post_tasks", "handlers"):
            yield from _tasks(path, play.get(part, []), no_log=False)


def _tasks(file: Path, entries: list[dict[str, Any]], *, no_log: bool) -> Iterator[Task]:
    for entry in entries:
        hidden = no_log or entry.get("no_log") is True
        if any(part in entry for part in _NESTED):
            for part in _NESTED:
                yield from _tasks(file, entry.get(part, []), no_log=hidden)
        else:
            yield Task(file, entry, hidden)


def install(folder: Path) -> dict[str, str]:
    """Let Ansible find the collection and write only in `folder`; return the environment for it."""
    place = folder / "collections/ansible_collections/iot_facerecognition"
    place.mkdir(parents=True)
    (place / "appliance").symlink_to(COLLECTION)
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
