"""pygame without the parts that draw nothing: a Zero W would spend seconds on importing them.

`import pygame` takes everything that is installed: sound, and numpy for `surfarray`. Each of these
imports may fail, and then pygame goes on without; that is made use of here.
"""

import os
import sys
from typing import Any, cast

UNUSED = ("mixer", "mixer_music", "scrap", "surfarray", "sndarray", "fastevent")
"""Those that pygame does without in silence, and that take time: numpy comes with two of them."""
_ELSEWHERE = "pkg_resources"
"""Where pygame would look for its own font first. Where gpiozero is installed it is there, and its
import takes longer than all of pygame."""


def load_pygame() -> None:
    """Import pygame without these; whoever imports one of them by name later still gets it.

    To be called before the first `import pygame`; does nothing after it.
    """
    if "pygame" in sys.modules:
        return
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    modules = cast(dict[str, Any], sys.modules)
    left_out = [f"pygame.{name}" for name in UNUSED if f"pygame.{name}" not in modules]
    left_out += [_ELSEWHERE] if _ELSEWHERE not in modules else []
    # None makes the import system raise ImportError for that name.
    modules.update(dict.fromkeys(left_out))
    try:
        import pygame  # noqa: F401, PLC0415 - this is the import that all this is about
    finally:
        for name in left_out:
            if modules.get(name) is None:
                modules.pop(name, None)
