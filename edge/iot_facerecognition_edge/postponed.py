"""Standard modules that others import and this program hardly uses: loaded when something does.

websockets reads its version by `importlib.metadata` in developers' checkouts only, and looks for
proxies by `urllib.request` where it may use one. The two take a quarter of the appliance's start.

`importlib.util.LazyLoader` is made for this, but up to Python 3.11 the next `import` of such a
module loads it, because that looks at the module's `__spec__`.
"""

import importlib
import sys
import threading
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

MODULES = ("importlib.metadata", "urllib.request")

_loading = threading.RLock()
_WAITS = "_waits_for_its_first_use"


class _Postponed(ModuleType):
    """A module with its name, place and specification, and nothing else yet."""

    def __getattr__(self, name: str) -> Any:
        """Load the module, which has `name` then; another thread waits until it is whole."""
        with _loading:
            if self.__dict__.pop(_WAITS, False):
                spec = self.__spec__
                assert spec is not None
                assert spec.loader is not None
                spec.loader.exec_module(self)
                self.__class__ = ModuleType  # type: ignore[assignment]
        return ModuleType.__getattribute__(self, name)


def postpone() -> None:
    """Let each of `MODULES` be loaded when an attribute of it is first wanted.

    To be called before they are imported, while there is one thread.
    """
    for name in MODULES:
        if name in sys.modules:
            continue
        spec = find_spec(name)
        if spec is None:
            continue
        module = module_from_spec(spec)
        module.__dict__[_WAITS] = True
        module.__class__ = _Postponed
        sys.modules[name] = module
        package, _, child = name.rpartition(".")
        setattr(importlib.import_module(package), child, module)
