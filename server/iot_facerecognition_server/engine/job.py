"""What an engine is given to do: jobs, each one frame's way to one kind of result.

A job goes through three steps, on whichever worker is free: `prepare` turns the JPEG into pictures
for a network, the network turns each into a row of numbers, and `complete` makes a result of them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from iot_facerecognition_protocol import ObjectLabel
from iot_facerecognition_server.frames import Frame, ObjectsWanted, RecognisedFace, Tracks

if TYPE_CHECKING:
    from iot_facerecognition_server.gallery.gallery import Gallery

Picture = NDArray[np.uint8]
"""What a network takes: (side, side, 3) uint8 RGB."""
Row = NDArray[np.float32]
"""What a network gives for one picture."""

Found_co = TypeVar("Found_co", covariant=True)
ToolsType = TypeVar("ToolsType")
"""What one worker thread has for itself, and hands to its jobs."""
Tools_contra = TypeVar("Tools_contra", contravariant=True)


class NetworkOutputError(Exception):
    """A network gave what it cannot have computed rightly: not numbers, or not as many."""


def checked_rows(rows: Sequence[Row], width: int) -> NDArray[np.float32]:
    """Return a network's `rows` as one (N, width) array.

    Raises NetworkOutputError where they have another shape or hold NaN or infinity: a comparison
    with those says nothing, and a name must never come of it.
    """
    stacked = np.stack(rows)
    if stacked.shape != (len(rows), width):
        raise NetworkOutputError(
            f"a network gave {stacked.shape[1:]} for a picture, not ({width},)"
        )
    if not np.isfinite(stacked).all():
        raise NetworkOutputError("a network gave numbers that are not finite")
    return stacked


class Job(Protocol[Tools_contra, Found_co]):
    """One frame's way to one kind of result."""

    @property
    def network(self) -> str:
        """The name of the network that the prepared pictures are for."""

    def prepare(self, tools: Tools_contra) -> Sequence[Picture]:
        """Return the pictures for the network. Raises FrameRejectedError."""

    def complete(self, rows: Sequence[Row]) -> tuple[Found_co, ...]:
        """Return what was found, from one row for each picture."""

    @property
    def tracks(self) -> Tracks | None:
        """What goes with the session's next frame, when it is complete."""


class JobFactory(Protocol[Tools_contra]):
    """Makes the jobs of an engine. Used by the event loop's thread only; keeps no session."""

    @property
    def object_labels(self) -> int:
        """How many labels the object classifier knows; 0 when there is none."""

    @property
    def in_order(self) -> bool:
        """Whether the frames of a session have to be worked on one after the other."""

    def set_gallery(self, gallery: "Gallery") -> None:
        """Let `gallery` name the faces from now on."""

    def faces(
        self, frame: Frame, gallery: "Gallery | None" = None
    ) -> Job[Tools_contra, RecognisedFace]:
        """Return what finds the faces of `frame` and names them, by `gallery` or the one set."""

    def objects(self, frame: Frame, wanted: ObjectsWanted) -> Job[Tools_contra, ObjectLabel]:
        """Return what classifies `frame`."""
