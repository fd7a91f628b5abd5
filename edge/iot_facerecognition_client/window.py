"""A window that shows what is sent and what was found, by OpenCV."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from iot_facerecognition_client.scene import Scene
from iot_facerecognition_client.sources.interface import SourceError
from iot_facerecognition_client.sources.opencv import load_opencv
from iot_facerecognition_client.tag_layout import Rectangle, place_tags
from iot_facerecognition_protocol import Face, ObjectLabel

if TYPE_CHECKING:
    from iot_facerecognition_client.lettering.drawing import Lettering

SHOWN_SECONDS = 0.75
"""How long faces and labels stay after their result, as in the original."""

_KNOWN, _UNKNOWN = (0, 0, 139), (128, 128, 128)
"""Blue, green, red: the original's dark red, and grey for faces without a name."""
_LABEL_TEXT = (0, 0, 200)
_TAG_TEXT = (255, 255, 255)
_TAG_SIZE = 14
"""Pixels of a tag's letters in a picture of 400 pixels' width."""
_QUIT_KEYS = {ord("q"), 27}


class RecognitionWindow:
    """Draws frames with their faces and labels. All calls come from one thread.

    The picture has the resolution of what is sent, so boxes fit it as they are, for as long as it
    shows the scene they were found in.
    """

    def __init__(self, title: str) -> None:
        """Open the window over the whole screen. Raises SourceError where that cannot be."""
        self._cv2 = load_opencv("a window")
        self._title = title
        if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ):
            # OpenCV's window library would end the whole program.
            raise SourceError("no window can be opened: there is no desktop here; use --headless")
        self._lettering = load_lettering()
        self._faces: tuple[Sequence[Face], float, Scene | None] = ((), 0.0, None)
        self._objects: tuple[Sequence[ObjectLabel], float, Scene | None] = ((), 0.0, None)
        try:
            self._cv2.namedWindow(title, self._cv2.WINDOW_NORMAL)
            self._cv2.setWindowProperty(
                title, self._cv2.WND_PROP_ASPECT_RATIO, self._cv2.WINDOW_KEEPRATIO
            )
            self._cv2.setWindowProperty(
                title, self._cv2.WND_PROP_FULLSCREEN, self._cv2.WINDOW_FULLSCREEN
            )
        except self._cv2.error as error:
            raise SourceError(
                f"no window can be opened ({error.err or error}): this needs a desktop and a build "
                "of OpenCV with windows (opencv-python, not -headless); --headless does without"
            ) from None

    def show_faces(self, faces: Sequence[Face], now: float, scene: Scene | None = None) -> None:
        """Show `faces` from now on, over frames of their `scene` (None: over any)."""
        self._faces = (faces, now, scene)

    def show_objects(
        self, objects: Sequence[ObjectLabel], now: float, scene: Scene | None = None
    ) -> None:
        """Show `objects` from now on, as in `show_faces`."""
        self._objects = (objects, now, scene)

    def show(self, jpeg: bytes, now: float, scene: Scene | None = None) -> bool:
        """Show a frame; False when the person closed the window or pressed q or Escape."""
        import numpy as np  # noqa: PLC0415 - here with OpenCV, absent on a small board

        encoded = np.frombuffer(jpeg, np.uint8)
        # Boxes are of the frame as it was sent: OpenCV must not turn it.
        flags = self._cv2.IMREAD_COLOR | self._cv2.IMREAD_IGNORE_ORIENTATION
        picture = self._cv2.imdecode(encoded, flags)
        if picture is not None:
            faces, faces_at, faces_scene = self._faces
            objects, objects_at, objects_scene = self._objects
            shown = faces if _holds(faces_at, now, faces_scene, scene) else ()
            draw_faces(self._cv2, picture, shown, self._lettering)
            labels = objects if _holds(objects_at, now, objects_scene, scene) else ()
            draw_objects(self._cv2, picture, labels)
            self._cv2.imshow(self._title, picture)
        return self.idle()

    def idle(self) -> bool:
        """Let the window react; False as in `show`."""
        if self._cv2.waitKey(1) & 0xFF in _QUIT_KEYS:
            return False
        visible: float = self._cv2.getWindowProperty(self._title, self._cv2.WND_PROP_VISIBLE)
        return visible != 0

    def close(self) -> None:
        """Close the window."""
        self._cv2.destroyAllWindows()


def _holds(since: float, now: float, found: Scene | None, shown: Scene | None) -> bool:
    """Return whether a result of `since`, found in one scene, is drawn over another at `now`."""
    return now - since < SHOWN_SECONDS and (None in {found, shown} or found == shown)


def load_lettering() -> "Lettering | None":
    """Return what draws names in every script; None without Pillow, which `desktop` brings."""
    try:
        from iot_facerecognition_client.lettering.drawing import (  # noqa: PLC0415 - needs Pillow
            Lettering,
        )
    except ImportError:
        return None
    return Lettering()


def draw_faces(
    cv2: Any, picture: Any, faces: Sequence[Face], lettering: "Lettering | None" = None
) -> None:
    """Draw a rectangle and the name of each face onto a BGR picture.

    Without `lettering` the names are OpenCV's own letters, which are those of English.
    """
    width = max(1, picture.shape[1] // 400)
    boxes = [(face.x, face.y, face.width, face.height) for face in faces]
    for face in faces:
        corner = (face.x + face.width, face.y + face.height)
        cv2.rectangle(picture, (face.x, face.y), corner, _KNOWN if face.tag else _UNKNOWN, width)
    size = _TAG_SIZE * width
    named = [index for index, face in enumerate(faces) if face.tag]
    order = named + [index for index, face in enumerate(faces) if not face.tag]
    sizes = [_tag_size(cv2, faces[index].tag, size, lettering) for index in order]
    room = (0, 0, picture.shape[1], picture.shape[0])
    places = place_tags([boxes[index] for index in order], sizes, room)
    for index, place in zip(named, places, strict=False):  # the named ones come first
        _draw_tag(cv2, picture, faces[index].tag, place, size=size, lettering=lettering)


def _tag_size(cv2: Any, tag: str, size: int, lettering: "Lettering | None") -> tuple[int, int]:
    if not tag:
        return 0, 0
    if lettering is not None:
        return lettering.width(tag, size) + size // 2, lettering.height(size)
    (width, height), _ = cv2.getTextSize(tag, cv2.FONT_HERSHEY_SIMPLEX, size / 30, 1)
    return width + size // 2, height + size // 2


def _draw_tag(
    cv2: Any, picture: Any, tag: str, place: Rectangle, *, size: int, lettering: "Lettering | None"
) -> None:
    """Write a name on a plate at `place`, as much of it as there is room for."""
    import numpy as np  # noqa: PLC0415 - here with OpenCV, absent on a small board

    x, y, width, height = place
    plate = picture[y : y + height, x : x + width]
    plate[:] = _KNOWN
    if lettering is None:
        at = (size // 4, height * 3 // 4)
        plate_font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(plate, tag, at, plate_font, size / 30, _TAG_TEXT, 1, cv2.LINE_AA)
        return
    fitting = lettering.fit(tag, size, width - size // 2)
    letters = np.asarray(lettering.draw(fitting, size, _TAG_TEXT))[: plate.shape[0]]
    room = plate[: letters.shape[0], size // 4 : size // 4 + letters.shape[1]]
    letters = letters[: room.shape[0], : room.shape[1]].astype(np.uint16)
    opacity = letters[:, :, 3:]
    room[:] = (letters[:, :, 2::-1] * opacity + room * (255 - opacity)) // 255


def draw_objects(cv2: Any, picture: Any, objects: Sequence[ObjectLabel]) -> None:
    """Write labels and their probability into the upper left corner of a BGR picture."""
    for line, found in enumerate(objects):
        text = f"{found.prediction:4.0%} {found.label}"
        place = (20, 24 + 20 * line)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(picture, text, place, font, 0.5, _LABEL_TEXT, 1, cv2.LINE_AA)
