"""deploy/kubernetes, as kustomize puts it together, against what Kubernetes publishes of itself."""

import base64
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.prometheus_operator.v1 import ServiceMonitor
from pydantic import ValidationError

from iot_facerecognition_server.config import load
from tests.container.containers import ROOT, Container
from tests.container.podman import Podman
from tests.container.trixie import Trixie

FOLDER = ROOT / "deploy" / "kubernetes"
RULES = ROOT / "monitoring" / "prometheus" / "rules"
VERSIONS = ("1.29", "1.31", "1.33", "1.34")
Objects = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def kustomize(podman: Podman, cache: Path) -> Path:
    return Trixie(podman, cache).program("kustomize")


def built(kustomize: Path, folder: Path) -> Objects:
    """Return the objects that `kubectl apply -k FOLDER` would send, by kind and name."""
    done = subprocess.run([kustomize, "build", folder], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    objects = list(yaml.safe_load_all(done.stdout))
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def monitored(kustomize: Path, tmp_path: Path, overlay: str) -> Objects:
    """Return an overlay with the Prometheus operator's part, by the way that its comment shows."""
    copy = tmp_path / "kubernetes"
    subprocess.run(["cp", "-r", FOLDER, copy], check=True)
    file = copy / "overlays" / overlay / "kustomization.yaml"
    text = file.read_text().replace("#components:\n#  - ", "components:\n  - ")
    assert "\ncomponents:" in text
    file.write_text(text)
    return built(kustomize, file.parent)


@pytest.fixture(params=["cpu", "gpu"])
def objects(request: pytest.FixtureRequest, kustomize: Path) -> Objects:
    return built(kustomize, FOLDER / "overlays" / request.param)


def deployment(objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = objects["Deployment/iot-facerecognition"]
    return found


def pod(objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = deployment(objects)["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_by_kubernetes_own_schema(objects: Objects, version: str) -> None:
    for one in objects.values():
        kubernetes_validate.validate(one, version, strict=True)
    assert len(objects) == 6


@pytest.mark.parametrize(("key", "value"), [("replicaz", 1), ("replicas", "one")])
def test_schema_can_say_no(objects: Objects, key: str, value: object) -> None:
    deployment(objects)["spec"][key] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment(objects), VERSIONS[0], strict=True)


def test_service_monitor_is_valid_by_the_operators_schema_and_finds_the_metrics(
    kustomize: Path, tmp_path: Path
) -> None:
    objects = monitored(kustomize, tmp_path, "cpu")
    monitor = objects["ServiceMonitor/iot-facerecognition"]
    # What the model does not know it drops: then it would give back less.
    model = ServiceMonitor.model_validate(monitor)
    assert model.model_dump(mode="json", by_alias=True, exclude_unset=True) == monitor
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = [
        one
        for one in objects.values()
        if one["kind"] == "Service" and wanted <= one["metadata"]["labels"].items()
    ]
    (service,) = services
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] in {port["name"] for port in service["spec"]["ports"]}
    label = monitor["spec"]["jobLabel"]
    rules = "".join(file.read_text() for file in RULES.glob("*.yml"))
    assert f'up{{job="{service["metadata"]["labels"][label]}"}}' in rules
    (secret,) = {endpoint["basicAuth"][part]["name"] for part in ("username", "password")}
    assert secret == pod(objects)["volumes"][2]["secret"]["secretName"]
    monitor["spec"]["endpoints"][0]["interval"] = "often"
    with pytest.raises(ValidationError, match="interval"):
        ServiceMonitor.model_validate(monitor)


def test_no_object_names_a_namespace(objects: Objects) -> None:
    assert [name for name, one in objects.items() if "namespace" in one["metadata"]] == []


def test_pod_has_no_right_that_it_does_not_need(objects: Objects) -> None:
    spec = pod(objects)
    whole, (container,) = spec["securityContext"], spec["containers"]
    assert (whole["runAsNonRoot"], whole["runAsUser"], whole["fsGroup"]) == (True, 10001, 10001)
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert spec["automountServiceAccountToken"] is False
    assert "memory" in container["resources"]["limits"]


def test_one_server_at_a_time_has_the_volume(objects: Objects) -> None:
    assert deployment(objects)["spec"]["replicas"] == 1
    assert deployment(objects)["spec"]["strategy"] == {"type": "Recreate"}
    claims = [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod(objects)["volumes"]
        if "persistentVolumeClaim" in volume
    ]
    assert [f"PersistentVolumeClaim/{name}" for name in claims] == [
        name for name in objects if name.startswith("PersistentVolumeClaim/")
    ]


def test_what_is_named_exists(objects: Objects) -> None:
    (container,) = pod(objects)["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"clients": 50000, "metrics": 50090}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    volumes = {volume["name"] for volume in pod(objects)["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    labels = deployment(objects)["spec"]["template"]["metadata"]["labels"]
    for one in objects.values():
        if one["kind"] == "Service":
            assert one["spec"]["selector"].items() <= labels.items()
            assert {port["targetPort"] for port in one["spec"]["ports"]} <= set(ports)
        if one["kind"] == "NetworkPolicy":
            assert one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()


def test_settings_are_the_servers_and_nothing_else_looks_like_one(objects: Objects) -> None:
    (container,) = pod(objects)["containers"]
    (source,) = container["envFrom"]
    given = objects[f"ConfigMap/{source['configMapRef']['name']}"]["data"]
    config = load(None, given)
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(Path(config.metrics.password_file or "").parent) in mounts
    # Kubernetes' variables for a Service of this name would be taken for settings, and refused.
    assert pod(objects)["enableServiceLinks"] is False


@pytest.mark.timeout(1500, func_only=True)
def test_server_runs_on_a_volume_as_fs_group_leaves_it(
    podman: Podman, volume: str, kustomize: Path, tmp_path: Path
) -> None:
    objects = built(kustomize, FOLDER / "overlays" / "cpu")
    whole = pod(objects)["securityContext"]
    (settings,) = (one["data"] for one in objects.values() if one["kind"] == "ConfigMap")
    (mount,) = (
        one["mountPath"]
        for one in pod(objects)["containers"][0]["volumeMounts"]
        if one["name"] == "metrics-password"
    )
    where = podman.run("podman", "volume", "inspect", "--format={{.Mountpoint}}", volume)
    folder = Path(where.splitlines()[-1])
    os.chown(folder, 0, whole["fsGroup"])
    folder.chmod(0o2770)
    secret = tmp_path / "password"
    secret.write_text("open sesame")
    os.chown(secret, 0, whole["fsGroup"])
    secret.chmod(0o440)
    options = (
        f"--user={whole['runAsUser']}:{whole['runAsGroup']}",
        f"--volume={secret}:{mount}/password:ro",
        "--publish=127.0.0.1::50090",
        *(f"--env={key}={value}" for key, value in settings.items()),
    )
    with Container(podman, volume, *options) as container:
        podman.until_healthy(container.name)
        place = f"http://127.0.0.1:{podman.port(container.name, 50090)}"
        for probe in ("livez", "readyz"):
            assert urllib.request.urlopen(f"{place}/{probe}", timeout=60).status == 200
        asked = urllib.request.Request(f"{place}/metrics")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(asked, timeout=60)
        known = base64.b64encode(b"prometheus:open sesame").decode()
        asked.add_header("Authorization", f"Basic {known}")
        assert b"iot_facerecognition_ready 1" in urllib.request.urlopen(asked, timeout=60).read()


def test_gpu_is_asked_for_by_its_overlay_alone(kustomize: Path) -> None:
    for overlay, wanted in (("cpu", False), ("gpu", True)):
        objects = built(kustomize, FOLDER / "overlays" / overlay)
        spec = pod(objects)
        (container,) = spec["containers"]
        assert ("nvidia.com/gpu" in container["resources"]["limits"]) is wanted
        assert (spec.get("runtimeClassName") == "nvidia") is wanted
        (settings,) = (one["data"] for one in objects.values() if one["kind"] == "ConfigMap")
        assert (settings.get("IOT_FACERECOGNITION_ENGINE_DEVICE") == "cuda") is wanted
