"""Where the networks run."""

import torch

from iot_facerecognition_server.errors import DeviceError


def choose_detector(wanted: str) -> str:
    """Return "yunet", "hog" or "cnn" for the setting `wanted` (auto or one of them).

    `auto` is YuNet on every device: it finds more than the others and costs least
    (docs/decisions/yunet.md).
    """
    return "yunet" if wanted == "auto" else wanted


def choose_device(wanted: str) -> str:
    """Return "cpu" or "cuda" for the setting `wanted` (auto, cpu, cuda).

    `auto` takes the GPU where torch can use one. Raises DeviceError when `cuda` was asked for and
    is not there, and says why.
    """
    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if wanted == "auto":
        return "cpu"
    if torch.version.cuda is None:
        why = "this torch is a build without CUDA; install one with it"
    elif not torch.cuda.device_count():
        why = "no GPU or no driver is visible; in a container start it with --gpus all"
    else:
        why = "the GPU or its driver is too old for this torch"
    raise DeviceError(f"[Engine] Device=cuda, but CUDA cannot be used: {why} (or set Device=auto)")
