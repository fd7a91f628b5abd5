"""The settings of how frames are worked on."""

from dataclasses import dataclass

from iot_facerecognition_server.config.kinds import Boolean, Choice, Integer, Number
from iot_facerecognition_server.config.schema import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """How frames are worked on."""

    device: str = setting(
        "Device",
        Choice(("auto", "cpu", "cuda")),
        "auto",
        "Where the networks run. auto: on the GPU when there is one. cuda: refuse to start without"
        " one.",
    )
    precision: str = setting(
        "Precision",
        Choice(("auto", "fp32", "bf16", "fp16")),
        "auto",
        "Number format of the networks. auto: the fastest that the device has in hardware. fp16"
        " needs a GPU. The face detector never takes bf16: fp32 on a CPU, fp16 on a GPU instead.",
    )
    detector: str = setting(
        "Detector",
        Choice(("auto", "yunet", "hog", "cnn")),
        "auto",
        "What finds faces. yunet: small, turned and dim ones too, in a third of hog's time. hog: as"
        " the original, upright faces from 80 pixels. cnn: dlib's network, which wants a GPU. auto"
        " is yunet.",
    )
    workers: int = setting(
        "Workers",
        Integer(0, 256, "threads"),
        "0",
        "Threads that work on frames; 0: as many as suit the machine.",
    )
    min_face_size: int = setting(
        "MinFaceSize",
        Integer(20, 1000, "pixels", or_zero=True),
        "0",
        "Side of the smallest face that is found; 0: what suits the detector, 30 with yunet and 80"
        " with hog and cnn. Half of it takes four times as long, double of it a quarter.",
    )
    max_frame_age: float = setting(
        "MaxFrameAge",
        Number(0.05, 3600.0, "seconds"),
        "5",
        "A frame that has waited this long for its slot is dropped unseen.",
    )
    tracking: bool = setting(
        "Tracking",
        Boolean(),
        "on",
        "Track faces from frame to frame: where nothing moves the last faces are kept; a name is"
        " settled by several frames and verified every two seconds. With Detector=yunet frames in"
        " which something moves are searched at half their sides, with hog only around the faces."
        " More than three times as many frames a second, at the price of one box in a hundred that"
        " is missed for a frame. off: every frame stands alone, as in the original. With cnn it has"
        " no effect.",
        formerly="Following",
    )
    full_scan_interval: float = setting(
        "FullScanInterval",
        Number(0.0, 60.0, "seconds"),
        "0.5",
        "Time between two searches of the whole frame, at its full sides, while faces are tracked"
        " and something moves. 0: every frame in which something moves.",
    )
    object_interval: float = setting(
        "ObjectInterval",
        Number(0.0, 3600.0, "seconds"),
        "0.5",
        "Time between two frames of one client that are searched for objects, so that objects never"
        " hold up faces. 0: every frame, as the original.",
    )
    object_threshold: float = setting(
        "ObjectThreshold",
        Number(0.0, 1.0),
        "0.3",
        "Least probability of an object's label that is reported, unless the client sets its own."
        " Version 1 clients get the most probable labels, as from the original, whatever it is. 0:"
        " every label up to the client's number of labels.",
    )
