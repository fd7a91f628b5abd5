"""pygame as a drawing library alone: no display server, no sound."""

import os

import pygame


def prepare_drawing() -> None:
    """Make surfaces and fonts usable without a display.

    SDL's dummy video driver is chosen before its video part is started, because pygame converts
    surfaces only when that runs. A video part that runs already is left as it is.
    """
    if not pygame.display.get_init():
        os.environ["SDL_VIDEODRIVER"] = "dummy"
        pygame.display.init()
    if not pygame.font.get_init():
        pygame.font.init()
