"""The workflows of .github: sound by two checkers, pinned, and made of commands that exist."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
WRITES = {
    "ci.yml": set(),
    "hil.yml": set(),
    "release.yml": {"packages: write", "contents: write"},
}
"""What each of them may change at GitHub."""


def tool(name: str) -> str:
    """Return a checker that the dev extra brings."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(
            f"{name} has no wheel for this machine: {shutil.which(name) or 'not installed'}"
        )
    return str(found)


def check(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [tool(name), *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def actionlint(*files: Path) -> subprocess.CompletedProcess[str]:
    config = REPOSITORY / ".github" / "actionlint.yaml"
    return check("actionlint", "-shellcheck=", "-config-file", config, *files)


def test_there_is_a_workflow_for_changes_for_hardware_and_for_releases():
    assert [path.name for path in WORKFLOWS] == list(WRITES)


def test_actionlint_has_nothing_to_say():
    done = actionlint(*WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_no_weakness():
    done = check("zizmor", "--offline", "--no-progress", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_the_checkers_do_find_mistakes(tmp_path):
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    text = WORKFLOWS[0].read_text()
    bad.write_text(text.replace("matrix.debian", "matrix.nothing"))
    assert actionlint(bad).returncode == 1
    bad.write_text(re.sub(r"@[0-9a-f]{40}", "@main", text))
    assert check("zizmor", "--offline", "--no-progress", bad).returncode != 0


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_their_commit_with_the_version_beside(workflow):
    used = re.findall(r"uses: (.*)", workflow.read_text())
    assert used
    for one in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_one_action_has_one_version_everywhere():
    pins: dict[str, set[str]] = {}
    for workflow in WORKFLOWS:
        for name, pin in re.findall(r"uses: ([\w/-]+)@(.*)", workflow.read_text()):
            pins.setdefault(name, set()).add(pin)
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_nothing_is_permitted_but_what_a_job_says(workflow):
    text = workflow.read_text()
    assert re.search(r"^permissions: \{\}$", text, re.MULTILINE)
    assert set(re.findall(r"[\w-]+: write\b", text)) == WRITES[workflow.name]
    assert text.count("persist-credentials: false") == text.count("uses: actions/checkout@")


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_every_command_of_ours_is_there(workflow):
    text = re.sub(r"#.*", "", workflow.read_text())
    makefile = (REPOSITORY / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z][a-z-]+)", text):
        if target != "ca-certificates":  # an argument of apt-get, after the package make
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"\b(?:image|scripts|lab|tests)/[\w./*-]+", text):
        assert list(REPOSITORY.glob(script)), script


def test_hardware_is_never_tested_for_a_pull_request():
    text = (REPOSITORY / ".github" / "workflows" / "hil.yml").read_text()
    assert "runs-on: [self-hosted, pi-zero-w]" in text
    assert not re.search(r"^ {2}(pull_request|pull_request_target|push)\b", text, re.MULTILINE)
    for trigger in ("schedule:", "workflow_dispatch:"):
        assert trigger in text
