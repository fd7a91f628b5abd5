"""A role's variables, templates and checks without a host: Ansible itself, on this machine only."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ANSIBLE = Path(__file__).parents[2] / "ansible"
FACTS = {
    "distribution": "Debian",
    "distribution_version": "12.9",
    "distribution_major_version": "12",
    "service_mgr": "systemd",
    "architecture": "x86_64",
    "memtotal_mb": 4000,
    "user_id": "root",
}
"""What Ansible finds out about a host that the roles are made for."""


class RoleBench:
    """Plays tasks of its own with the defaults, variables and files of one role.

    Every host of `play` is a case: its name, and the variables that an inventory would give it.
    """

    def __init__(self, role: str, folder: Path) -> None:
        self._folder = folder
        self._role = folder / "roles" / role
        self._role.mkdir(parents=True)
        for name in ("defaults", "vars", "templates", "files"):
            (self._role / name).symlink_to(ANSIBLE / "roles" / role / name)
        self._name = role
        self.out = folder / "out"
        self.out.mkdir()

    def play(
        self,
        cases: Mapping[str, Mapping[str, object]],
        tasks: str,
        groups: Mapping[str, Mapping[str, Mapping[str, object]]] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run `tasks` for every case; return what `ansible-playbook` said."""
        (self._role / "tasks").mkdir(exist_ok=True)
        (self._role / "tasks" / "main.yml").write_text(tasks)
        facts = [{"name": "Facts", "ansible.builtin.set_fact": {**FACTS, "cacheable": True}}]
        play = {"hosts": "cases", "gather_facts": False, "pre_tasks": facts, "roles": [self._name]}
        (self._folder / "play.json").write_text(json.dumps([play]))
        children = {"cases": dict(cases), **(groups or {})}
        inventory = {
            "all": {
                "vars": {
                    "ansible_connection": "local",
                    "ansible_python_interpreter": sys.executable,
                    "bench_out": str(self.out),
                    "bench_role": str(ANSIBLE / "roles" / self._name),
                },
                "children": {name: {"hosts": hosts} for name, hosts in children.items()},
            }
        }
        (self._folder / "inventory.json").write_text(json.dumps(inventory))
        kept = {name: text for name, text in os.environ.items() if not name.startswith("ANSIBLE_")}
        return subprocess.run(
            [
                Path(sys.executable).with_name("ansible-playbook"),
                *("--inventory", self._folder / "inventory.json", self._folder / "play.json"),
            ],
            check=False,
            cwd=self._folder,
            env=kept
            | {
                "ANSIBLE_ROLES_PATH": str(self._folder / "roles"),
                "ANSIBLE_HOME": str(self._folder / "ansible"),
                "ANSIBLE_LOCAL_TEMP": str(self._folder / "ansible/tmp"),
                "ANSIBLE_REMOTE_TEMP": str(self._folder / "ansible/tmp"),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_FORKS": "8",
                "LC_ALL": "C.UTF-8",
            },
            capture_output=True,
            text=True,
        )


def failures(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return what each case that failed was told."""
    found = {}
    for line in done.stdout.splitlines():
        for begin in ("fatal: [", "failed: ["):
            if line.startswith(begin):
                case = line.removeprefix(begin).partition("]")[0].partition(" ")[0]
                found[case] = line
    return found
