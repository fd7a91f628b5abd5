"""A person at a screen, behind which there is an appliance without a machine."""

from iot_facerecognition_edge.screens.interface import Pointer, TouchPhase
from iot_facerecognition_edge.screens.memory import MemoryScreen
from iot_facerecognition_edge.views.app import App


class Finger:
    """Does on a memory screen what a person does, and lets the application draw."""

    def __init__(self, appliance, size=(480, 320)):
        self.appliance = appliance
        self.screen = MemoryScreen(size)
        self.app = App(appliance, self.screen)
        self.wait(0.0)

    def wait(self, seconds=0.05):
        self.appliance.now += seconds
        return self.app.step(self.screen.events(), self.appliance.now)

    def down(self, place):
        self.screen.push(Pointer(TouchPhase.DOWN, *_point(place)))
        self.wait()

    def move(self, place):
        self.screen.push(Pointer(TouchPhase.MOVE, *_point(place)))
        self.wait()

    def up(self, place):
        self.screen.push(Pointer(TouchPhase.UP, *_point(place)))
        self.wait()

    def tap(self, place):
        self.down(place)
        self.up(place)
        self.wait()

    def swipe(self, start, end, steps=6):
        (x, y), (u, v) = _point(start), _point(end)
        self.down(start)
        for step in range(1, steps + 1):
            share = step / steps
            self.move((round(x + (u - x) * share), round(y + (v - y) * share)))
        self.wait(0.2)
        self.up(end)

    def answer(self, answer):
        """Let the server that was asked answer."""
        self.appliance.introduction.answer(answer)
        self.wait()

    def type(self, text):
        """Tap the keys of the on-screen keyboard."""
        for character in text:
            self.tap(next(c.rect for c in self.keyboard.caps if c.text == character))

    @property
    def keyboard(self):
        return self.top.keyboard

    @property
    def top(self):
        """The topmost layer below the toasts."""
        return self.app.stage.layers[-2]

    @property
    def view(self):
        return self.app.view

    def drawn(self):
        """Return what was shown since the last call."""
        rects, self.screen.presented = self.screen.presented, []
        return rects

    def colour(self, x, y):
        return tuple(self.screen.canvas.get_at((x, y)))[:3]


def _point(place):
    if hasattr(place, "rect"):
        place = place.rect
    return place if isinstance(place, tuple) else place.center
