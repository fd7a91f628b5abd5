"""compose.yaml names files that are there and versions that do not move."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.container.containers import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_held_to_what_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    tag = service["image"].rpartition(":")[2]
    assert tag not in {"latest", service["image"]}
    assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists(name: str) -> None:
    for mount in SERVICES[name].get("volumes", ()):
        source, _, rest = mount.partition(":")
        if source.startswith("./"):
            assert (ROOT / source).exists()
            assert rest.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_only_the_server_is_open_to_the_network() -> None:
    published = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert published.pop("server") == ["50000:50000"]
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


def test_passwords_are_files_that_the_script_makes_and_git_ignores() -> None:
    script = (ROOT / "scripts" / "make-secrets").read_text()
    for secret in COMPOSE["secrets"].values():
        assert Path(secret["file"]).name in script
    assert "/secrets/" in (ROOT / ".gitignore").read_text()


def test_grafana_finds_what_its_provisioning_names() -> None:
    mounts = dict(mount.split(":")[:2] for mount in SERVICES["grafana"]["volumes"])
    folders = {inside: ROOT / outside for outside, inside in mounts.items() if outside[0] == "."}
    provisioning = folders["/etc/grafana/provisioning"]
    (providers,) = (provisioning / "dashboards").glob("*.yml")
    (provider,) = yaml.safe_load(providers.read_text())["providers"]
    boards = list(folders[provider["options"]["path"]].glob("*.json"))
    assert {board.name for board in boards} == {"fleet.json", "server.json"}
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (folders[str(Path(home).parent)] / Path(home).name).is_file()
    sources = {
        source["uid"]: source
        for file in (provisioning / "datasources").glob("*.yml")
        for source in yaml.safe_load(file.read_text())["datasources"]
    }
    assert {source["type"] for source in sources.values()} == {"prometheus", "alertmanager"}
    for source in sources.values():
        assert re.fullmatch(r"http://(\w+):\d+", source["url"])[1] in SERVICES  # type: ignore[index]
    # A dashboard asks the data source that is chosen in it, at first the default one.
    (default,) = (source for source in sources.values() if source.get("isDefault"))
    for board in boards:
        used = set(re.findall(r'"type": "prometheus",\s+"uid": "([^"]+)"', board.read_text()))
        assert used == {"${datasource}"}
        (choice, *_) = json.loads(board.read_text())["templating"]["list"]
        assert (choice["name"], choice["type"]) == ("datasource", "datasource")
        assert choice["query"] == default["type"] == "prometheus"
