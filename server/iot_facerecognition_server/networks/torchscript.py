"""Networks as frozen TorchScript, which runs without the GIL from end to end."""

import hashlib
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from iot_facerecognition_server.networks.precision import Precision
from iot_facerecognition_server.whole_file import in_place_of

_log = logging.getLogger(__name__)

_WARM_UP: Final = 3
"""Forwards before TorchScript has settled on its plan."""
_SUFFIX: Final = ".torchscript"

Forward = Callable[[Tensor], Tensor]
Build = Callable[[], nn.Module]


class Scripts:
    """Compiles networks, and keeps them in a folder so that the next start need not do it again.

    A kept one is the bytes of the same weights, compiled by the same torch out of the same code;
    with anything else it is compiled anew.
    """

    def __init__(self, folder: Path | None) -> None:
        """Keep networks in `folder`; None: keep nothing."""
        self._folder = folder

    def scripted(
        self, name: str, weights: bytes, precision: Precision, side: int, build: Build
    ) -> Forward:
        """Return the network that `build` makes of `weights`, as frozen TorchScript.

        It is for (N, 3, `side`, `side`) uint8 pictures. `build` is called, and may raise, only
        where nothing is kept.
        """
        path = self._path(name, weights, precision, side)
        forward = _kept(path) if path is not None and path.exists() else None
        if forward is None:
            network = build()
            forward = _compiled(network, side)
            if path is not None and isinstance(forward, torch.jit.ScriptModule):
                self._keep(forward, path, name)
        _warm_up(forward, side)
        return forward

    def _path(self, name: str, weights: bytes, precision: Precision, side: int) -> Path | None:
        if self._folder is None:
            return None
        recipe = hashlib.sha256(weights)
        recipe.update(f"{torch.__version__} {precision} {side} {_code()}".encode())
        return self._folder / f"{name}-{recipe.hexdigest()[:32]}{_SUFFIX}"

    def _keep(self, script: torch.jit.ScriptModule, path: Path, name: str) -> None:
        """Write `script` to `path` in one step, in the place of what was kept of `name`."""
        try:
            with in_place_of(path) as partial, _without_deprecations():
                torch.jit.save(script, partial)
            for old in path.parent.glob(f"{name}-*{_SUFFIX}"):
                if old != path:
                    old.unlink(missing_ok=True)
        except (OSError, RuntimeError) as error:
            _log.warning("%s is compiled at every start, since it cannot be kept: %s", name, error)


NOTHING_KEPT: Final = Scripts(None)


def _code() -> str:
    """Return a hash of the code that networks are made of."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_bytes())
    return code.hexdigest()


def _kept(path: Path) -> Forward | None:
    """Return the network in `path`; None where the file is damaged."""
    try:
        with _without_deprecations():
            kept: Forward = torch.jit.load(path, "cpu")  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError, ValueError) as error:
        _log.warning("%s is damaged and compiled again: %s", path, str(error).partition("\n")[0])
        return None
    return kept


def _compiled(network: nn.Module, side: int) -> Forward:
    """Return `network` as frozen TorchScript.

    Eager torch takes the GIL back after each of a hundred operations, and waits up to the
    interpreter's switch interval each time another thread computes. TorchScript is deprecated with
    nothing in its place that needs no compiler; where it is gone, the network runs eagerly.
    """
    try:
        with torch.inference_mode(), _without_deprecations():
            traced = torch.jit.trace(network, _example(side), check_trace=False)  # type: ignore[no-untyped-call]
            frozen: Forward = torch.jit.freeze(traced)
    except (AttributeError, NotImplementedError, RuntimeError) as error:
        _log.warning("No TorchScript (%s): networks will hold up other threads", error)
        return network
    return frozen


@contextmanager
def _without_deprecations() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _warm_up(forward: Forward, side: int) -> None:
    with torch.inference_mode():
        for _ in range(_WARM_UP):
            forward(_example(side))


def _example(side: int) -> Tensor:
    return torch.zeros((2, side, side, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
