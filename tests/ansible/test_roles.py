"""What every role promises about its variables, and about secrets."""

import re

import pytest
import yaml

from .collection import COLLECTION, PLAYBOOKS, REPOSITORY, ROLES, read, tasks_of, tasks_of_playbook

TYPES = {"str": str, "path": str, "bool": bool, "int": int, "float": float, "list": list}
TYPES |= {"dict": dict, "raw": object}


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request):
    return request.param


@pytest.fixture
def defaults(role):
    return read(role / "defaults/main.yml") or {}


@pytest.fixture
def options(role):
    return read(role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]


def test_every_variable_is_specified_with_its_default(defaults, options):
    assert set(defaults) == {name for name, option in options.items() if not option.get("required")}
    assert {name: options[name].get("default") for name in defaults} == defaults


def test_every_entry_point_is_specified():
    texts = [
        path.read_text()
        for path in (*COLLECTION.glob("playbooks/*.yml"), *COLLECTION.glob("roles/*/tasks/*.yml"))
    ]
    entries = {
        entry for text in texts for entry in re.findall(r"name: (\w+)\n\s+tasks_from: (\w+)", text)
    }
    assert len(entries) > 10
    for role, entry in entries:
        specified = read(COLLECTION / f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
        assert specified[entry]["options"] == specified["main"]["options"] or role == "ca", (
            role,
            entry,
        )


def test_every_variable_has_the_type_and_the_choice_that_is_specified(defaults, options):
    for name, value in defaults.items():
        option = options[name]
        assert option["description"], name
        templated = isinstance(value, str) and "{{" in value
        if not templated and value is not None:
            assert isinstance(value, TYPES[option["type"]]), name
            assert "choices" not in option or value in option["choices"], name
        if option["type"] == "list":
            assert option["elements"], name


def test_every_variable_is_named_for_its_role(role, defaults):
    assert defaults
    assert [name for name in defaults if not name.startswith(f"{role.name}_")] == []


def test_every_variable_is_explained(role, defaults):
    """By the comment above it or above the ones that it stands with, or by a headline over them."""
    explained = heading = False
    for line in (role / "defaults/main.yml").read_text().splitlines():
        if line.startswith("#"):
            explained, heading = True, line.startswith("# ---")
        elif not line:
            explained, heading = heading, False
        elif (name := re.match(r"(\w+):", line)) and name[1] in defaults:
            assert explained, f"{name[1]} has no comment above it"


def test_a_secret_is_marked_as_one(options):
    for name, option in options.items():
        if re.search("password|passphrase|token$|secret", name) and option["type"] == "str":
            assert option.get("no_log") is True, name


SECRET = re.compile(
    r"edge_token\b|edge_minted\b|edge_minted_token|edge_settings_text|edge_old_settings|"
    r"edge_state }}/settings\.json|'token', 'add'|wifi\.nmconnection|ca_key_passphrase|"
    r"\w+_(password|passphrase)\b(?!_)"
)
HARMLESS = {"ansible.builtin.include_tasks", "ansible.builtin.import_tasks"}
HARMLESS |= {"ansible.builtin.assert", "ansible.builtin.stat"}


def secret_tasks(role):
    """Return the tasks whose arguments have a secret in them."""
    return [
        task
        for task in tasks_of(role)
        if not HARMLESS & set(task.words) and SECRET.search(str(task.arguments))
    ]


def test_what_handles_a_secret_logs_nothing(role):
    for task in secret_tasks(role):
        assert task.no_log, f"{task.file.name}: {task.name}"


def test_the_edges_own_secrets_are_found_by_the_test_above():
    (edge,) = (role for role in ROLES if role.name == "edge")
    names = {task.name for task in secret_tasks(edge)}
    assert names >= {
        "Make a token",
        "Set the edge's settings",
        "Write the Wi-Fi connection",
        "Read the token that the edge has",
        "Give the edge the new token",
        "Give the edge its old token back",
    }


def test_no_secret_is_on_a_command_line(role):
    for task in secret_tasks(role):
        arguments = task.arguments
        if not isinstance(arguments, dict):
            continue
        words = str([arguments.get("argv"), arguments.get("cmd")])
        found = re.findall(r"edge_token\b|edge_minted_token|_from_json\)\.token|_password\b", words)
        assert found == [], f"{task.file.name}: {task.name}"


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_has_a_head_that_says_what_it_does(playbook):
    lines = playbook.read_text().splitlines()
    assert lines[0] == "---"
    assert lines[1].startswith("# ")
    for play in read(playbook):
        assert play["name"]
    for task in tasks_of_playbook(playbook):
        assert task.name


def test_every_yaml_file_can_be_read():
    files = [path for path in COLLECTION.rglob("*.yml") if ".ansible" not in path.parts]
    assert len(files) > 20
    for path in files:
        if "files" not in path.parts:  # other programs' own
            assert path.read_text().startswith("---\n"), path
        list(yaml.safe_load_all(path.read_text()))


def test_the_collection_has_the_version_of_the_project():
    version = read(COLLECTION / "galaxy.yml")["version"]
    assert f'version = "{version}"\n' in (REPOSITORY / "pyproject.toml").read_text()
    assert version in read(COLLECTION / "changelogs/changelog.yaml")["releases"]
    assert f"v{version}\n" in (COLLECTION / "CHANGELOG.rst").read_text()


@pytest.mark.parametrize("group", ["edges", "servers", "monitoring"])
def test_the_example_inventory_sets_only_variables_that_exist(group):
    specified = set()
    for role in ROLES:
        specified |= set(read(role / "defaults/main.yml") or {})
    own = read(COLLECTION / f"inventories/example/group_vars/{group}/main.yml")
    vault = read(COLLECTION / "inventories/example/group_vars/all/vault.example.yml")
    assert {name for name in own if not name.startswith("ansible_")} <= specified
    assert set(re.findall(r"vault_\w+", str(own))) <= set(vault)
