"""torch, imported in half the time.

What only its compilers need is left until somebody asks for it, and its library is loaded while
Python imports other things (docs/decisions/start.md).
"""

import ctypes
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, Final

POSTPONED: Final = frozenset({"torch._meta_registrations"})
"""Modules that `import torch` names and uses nothing of.

Shapes of results without computing them, for `torch.compile`, `torch.export` and the device "meta",
written in Python: with what it imports a third of torch. Where a torch has no module of this name,
nothing is postponed.
"""
_LIBRARIES: Final = {"libtorch_global_deps.so": ctypes.RTLD_GLOBAL, "libtorch_cpu.so": 0}
"""What torch itself loads first, and the large one, with what each is loaded by."""


def import_torch() -> None:
    """Import torch; a module that is postponed is executed when something in it is asked for."""
    if "torch" in sys.modules:
        return
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        __import__("torch")
    finally:
        sys.meta_path.remove(finder)


def load_library_meanwhile() -> None:
    """Load torch's library on a thread, which takes no interpreter lock; importing torch joins in.

    Where it cannot be loaded, importing torch tells.
    """
    threading.Thread(target=_load_library, name="torch's library", daemon=True).start()


def _load_library() -> None:
    with suppress(OSError, ImportError, ValueError):
        spec = find_spec("torch")
        if spec is None or spec.origin is None:
            return
        for name, how in _LIBRARIES.items():
            ctypes.CDLL(str(Path(spec.origin).parent / "lib" / name), mode=how)


class _PostponedModule(ModuleType):
    """A module that is executed when the first attribute is missing that is no special one.

    `importlib.util.LazyLoader` executes at the first look at `__file__` too, which `inspect` takes
    at every module there is whenever torch registers an operation.
    """

    def __getattr__(self, name: str) -> Any:
        """Execute the module and return its `name`. Raises AttributeError."""
        if name.startswith("__"):
            raise AttributeError(name)
        loader = self.__spec__.loader if self.__spec__ is not None else None
        if isinstance(loader, _PostponedLoader):
            loader.execute(self)
        return self.__getattribute__(name)


class _PostponedLoader(Loader):
    """Gives out a module at once, and executes it once."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.RLock()
        self._begun = False

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return an empty module."""
        return _PostponedModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing yet."""

    def execute(self, module: ModuleType) -> None:
        """Fill `module`; other threads wait, and what it imports sees it as far as it is filled."""
        with self._lock:
            if not self._begun:
                self._begun = True
                self._loader.exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules that are to be postponed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a postponed module is loaded; None for all others."""
        spec = PathFinder.find_spec(fullname, path) if fullname in POSTPONED else None
        if spec is not None and spec.loader is not None:
            spec.loader = _PostponedLoader(spec.loader)
        return spec
