"""A camera's hardware plane with the overlay above it, as the display has them."""


class FakePlane:
    """Remembers what the display would show."""

    def __init__(self) -> None:
        self.area: tuple[int, int, int, int] | None = None
        self.pixels: bytes | None = None
        self.updates = 0

    def show(self, x: int, y: int, width: int, height: int) -> None:
        self.area = (x, y, width, height)

    def hide(self) -> None:
        self.area = None

    def overlay(self, rgba: bytes | None, width: int, height: int) -> None:
        assert self.area, "an overlay needs a running preview"
        assert rgba is None or len(rgba) == width * height * 4
        self.pixels = rgba
        self.updates += 1

    def at(self, x: int, y: int) -> tuple[int, ...]:
        """Return the overlay's pixel at (x, y) of the screen: red, green, blue and alpha."""
        assert self.area is not None
        assert self.pixels is not None
        left, top, width, _ = self.area
        start = 4 * ((y - top) * width + x - left)
        return tuple(self.pixels[start : start + 4])
