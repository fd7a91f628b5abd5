"""Networks, engine and server on a GPU: rates at batch 1 to 256, shares, and the roofline.

`python -m benchmarks.gpu` (`make bench-gpu`) says so where there is no CUDA device, and measures
nothing, with exit code 1. `--device cpu` only checks that this script runs, with small batches, and
`--quick` with small pictures for moments; those figures are none of a GPU's. References, in the
same run: the networks alone for the whole engine, and a large matrix product and a large copy for
what the device can do at most. Engine and server, the latter over TLS with clients in a process of
their own, run with YuNet and with dlib's network, which tells what `Detector=auto` should be.
"""

import argparse
import asyncio
import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from prometheus_client import CollectorRegistry
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import command
from benchmarks.machine import machine
from benchmarks.precision_errors import print_errors
from benchmarks.scenes import references, scene_frames, write_scene
from benchmarks.streaming import stream_closed_loop
from iot_facerecognition_server.assembly.alignment import FaceAlignment
from iot_facerecognition_server.assembly.batching import WORKERS_A_CORE, batched
from iot_facerecognition_server.assembly.detection import FaceDetection
from iot_facerecognition_server.assembly.faces import FaceRecogniser
from iot_facerecognition_server.assembly.objects import ObjectRecogniser
from iot_facerecognition_server.config import Config, load
from iot_facerecognition_server.engine.local import LocalEngine
from iot_facerecognition_server.frames import Frame, ObjectsWanted, Wants
from iot_facerecognition_server.gallery.gallery import Gallery
from iot_facerecognition_server.models.catalogue import CNN_DETECTOR, YUNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.cnn_detector import CnnFaceDetectorNetwork
from iot_facerecognition_server.networks.precision import Precision, choose_precision
from iot_facerecognition_server.networks.yunet.layers import load_yunet
from iot_facerecognition_server.networks.yunet.torch_network import TorchYunet
from iot_facerecognition_server.observability.metrics import ServerMetrics
from iot_facerecognition_server.pipeline.frame_jobs import FrameJobs
from iot_facerecognition_server.pipeline.tools import Network, Tools
from lab.server_process import ServerProcess

BATCHES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)
DETECTORS: Final = ("yunet", "cnn")
CLIENTS: Final = 64
"""Of the server, with two frames each under way."""
NOTHING_MEASURED: Final = 1
"""Exit code where there is no CUDA device."""
Run = Callable[[NDArray[np.uint8]], Any]
Detector = CnnFaceDetectorNetwork | TorchYunet


@dataclass(frozen=True, slots=True)
class Subject:
    """A network under test: pictures of `shape` to whatever."""

    name: str
    run: Run
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured: batches, (width, height) of frames, seconds a row, warm-up calls.

    `product` is the side of the matrices that tell what the device can do.
    """

    batches: Sequence[int]
    frame: tuple[int, int]
    seconds: float
    warm_up: int
    product: int


FULL: Final = Scale(BATCHES, (640, 480), 1.5, 3, 8192)
ON_CPU: Final = Scale((1, 2), (640, 480), 0.2, 3, 1024)
QUICK: Final = Scale((1,), (320, 240), 0.01, 1, 128)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the device does at most: multiplications and additions, and bytes, a second."""

    flops: float
    traffic: float


class Traffic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the bytes that operations read and write, if nothing stays in a cache."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and count what it touches; views touch nothing."""
        result = function(*args, **(kwargs or {}))
        if not function.is_view:
            touched = [*args, *(result if isinstance(result, tuple | list) else (result,))]
            self.total += sum(
                one.numel() * one.element_size() for one in touched if isinstance(one, torch.Tensor)
            )
        return result


def seconds_each(work: Callable[[], object], seconds: float, warm_up: int = 3) -> float:
    """Return the mean time of `work`, which waits for its results itself."""
    for _ in range(warm_up):
        work()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        work()
        count += 1
    return (time.perf_counter() - began) / count


def limits(device: str, dtype: torch.dtype, scale: Scale) -> Limits:
    """Measure a matrix product and a copy."""
    side, seconds = scale.product, scale.seconds / 2
    square = torch.randn(side, side, device=device).to(dtype)
    target = torch.empty_like(square)

    def waited(work: Callable[[], object]) -> Callable[[], object]:
        def run() -> None:
            for _ in range(10):
                work()
            if device != "cpu":
                torch.cuda.synchronize()

        return run

    product = seconds_each(waited(lambda: torch.mm(square, square, out=target)), seconds) / 10
    copy = seconds_each(waited(lambda: target.copy_(square)), seconds) / 10
    traffic = 2 * square.numel() * square.element_size()
    return Limits(2 * side**3 / product, traffic / copy)


def measure_network(subject: Subject, most: Limits, scale: Scale, *, eager: bool) -> float:
    """Print a row for each batch and the roofline of the largest; return the best rate.

    A batch that the device's memory does not hold ends the rows, and is printed as such.
    """
    chance = np.random.default_rng(1)
    best, pictures = 0.0, np.empty(0, np.uint8)
    each = 0.0
    for size in scale.batches:
        larger = chance.integers(0, 256, (size, *subject.shape), np.uint8)
        try:
            each = seconds_each(partial(subject.run, larger), scale.seconds, scale.warm_up)
        except torch.OutOfMemoryError:
            print(f"  {subject.name:<12} batch {size:>4}  out of memory")
            break
        pictures = larger
        best = max(best, size / each)
        print(f"  {subject.name:<12} batch {size:>4} {each * 1e3:>9.2f} ms {size / each:>10.0f} /s")
    if eager:
        _roofline(subject, pictures, each, most)
    return best


def _roofline(subject: Subject, pictures: NDArray[np.uint8], each: float, most: Limits) -> None:
    counter, traffic = FlopCounterMode(display=False), Traffic()
    with counter:
        subject.run(pictures)
    with traffic:
        subject.run(pictures)
    flops = counter.get_total_flops()
    by_compute, by_memory = flops / most.flops, traffic.total / most.traffic
    bound = "compute" if by_compute > by_memory else "memory"
    print(
        f"  {subject.name:<12} roofline: {flops / 1e9:.1f} GFLOP, {traffic.total / 1e9:.2f} GB,"
        f" bound by {bound}: {max(by_compute, by_memory) * 1e3:.2f} ms of {each * 1e3:.2f} ms"
        f" ({max(by_compute, by_memory) / each:.0%})"
    )


async def engine_rate(config: Config, device: str, scale: Scale) -> tuple[float, float]:
    """Return frames a second of the whole engine with one face and objects, and the mean batch."""
    registry = CollectorRegistry()
    metrics = ServerMetrics(registry)
    detection = FaceDetection(config, device, metrics)
    alignment = FaceAlignment(config, metrics, device if detection.on_gpu else None)
    faces = FaceRecogniser(config, device, detection, alignment)
    objects = ObjectRecogniser(config, device)
    workers = config.engine.workers
    engine = LocalEngine(
        workers=workers,
        make_tools=lambda: Tools(faces.make_scanner(metrics.stage_seconds), objects.make_cropper()),
        networks={
            Network.DESCRIPTOR: batched(faces.network.describe, "descriptor", metrics, device, 4),
            Network.CLASSIFIER: batched(
                objects.classifier.classify, "classifier", metrics, device, 4, background=True
            ),
        },
        jobs=FrameJobs(Gallery.empty(), objects.classifier.labels),
    )
    jpegs = scene_frames(640, 480, 16) if scale.frame == FULL.frame else small_frames(scale.frame)
    wants = Wants(faces=True, objects=ObjectsWanted(5, deterministic=True))
    done, end = 0, time.perf_counter() + 5 * scale.seconds

    async def client(session: int) -> None:
        nonlocal done
        number = 0
        while time.perf_counter() < end:
            number += 1
            frame = Frame(session, number, jpegs[(session + number) % len(jpegs)], 0.0)
            submission = engine.submit(frame, wants)
            assert submission.faces is not None
            assert submission.objects is not None
            await submission.faces
            await submission.objects
            done += 1

    began = time.perf_counter()
    await asyncio.gather(*(client(session) for session in range(2 * workers)))
    spent = time.perf_counter() - began
    await engine.close()
    alignment.close()
    detection.close()
    batch = {"network": "detector"}
    count = registry.get_sample_value("iot_facerecognition_batch_size_count", batch) or 1.0
    total = registry.get_sample_value("iot_facerecognition_batch_size_sum", batch) or 0.0
    return done / spent, total / count


def server_rate(folder: Path, detector: str, device: str, scale: Scale) -> float:
    """Return face results a second of the whole server over TLS, every frame scanned."""
    settings = {
        "Engine": {"Detector": detector, "Device": device, "Tracking": "off"},
        "Limits": {"FrameRate": "0"},
        "Budget": {"FrameRate": "0"},
    }
    frames = write_scene(folder / f"{detector}-frames", scale.frame, 16)
    clients = CLIENTS if scale is FULL else 2
    with ServerProcess(folder / detector, references(), settings) as server:
        return stream_closed_loop(server, frames, clients, 2, 5 * scale.seconds).rate


def odd_sizes(detector: Detector) -> None:
    """Print how the GPU's memory grows with pictures of ever new sizes."""
    chance = np.random.default_rng(2)
    for _ in range(4):
        for _ in range(100):
            height, width = chance.integers(240, 720), chance.integers(320, 1280)
            detector.detect(np.zeros((1, height, width, 3), np.uint8))
        reserved = torch.cuda.memory_reserved() / 1e6
        print(f"  after 100 more sizes {reserved:>10.0f} MB reserved")


def small_frames(size: tuple[int, int]) -> list[bytes]:
    """Return some of `scene_frames` smaller; their faces may be too small to be found."""
    frames = []
    for jpeg in scene_frames(*FULL.frame, 4):
        content = io.BytesIO()
        Image.open(io.BytesIO(jpeg)).resize(size).save(content, "JPEG", quality=80)
        frames.append(content.getvalue())
    return frames


def run(device: str, scale: Scale) -> None:
    """Print all tables for `device`."""
    on_gpu = device == "cuda"
    precision = choose_precision("auto", device)
    dtype = torch.float16 if on_gpu else torch.float32
    name = torch.cuda.get_device_name() if on_gpu else "CPU (a check of this script only)"
    print(f"{name}, {precision}, frames {scale.frame[0]}x{scale.frame[1]}\n{machine()}")
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    most = limits(device, dtype, scale)
    print(f"  at most {most.flops / 1e12:.3f} TFLOP/s and {most.traffic / 1e9:.0f} GB/s, measured")
    with TemporaryDirectory() as state:
        workers = WORKERS_A_CORE * cores if on_gpu else cores
        config = load(None, {"IOT_FACERECOGNITION_SERVER_STATEDIRECTORY": state})
        config = replace(config, engine=replace(config.engine, workers=workers))
        detectors = load_detectors(Path(state), device, precision)
        rates = {
            # TorchScript, as the CPU runs descriptor and classifier, tells no counter anything.
            subject.name: measure_network(
                subject, most, scale, eager=on_gpu or subject.name in detectors
            )
            for subject in subjects(config, device, detectors, scale)
        }
        for name in DETECTORS:
            alone = 1 / sum(1 / rates[one] for one in (name, "descriptor", "classifier"))
            chosen = replace(config, engine=replace(config.engine, detector=name))
            whole, batch = asyncio.run(engine_rate(chosen, device, scale))
            print(f"  {name}: networks alone, one after the other {alone:>8.0f} frames/s")
            print(f"  {name}: whole engine, {workers} workers {whole:>8.1f} frames/s", end="")
            print(f", {whole / alone:.0%}; detector's mean batch {batch:.1f}")
        for name in DETECTORS if scale is not QUICK else DETECTORS[:1]:
            served = server_rate(Path(state), name, device, scale)
            print(f"  {name}: whole server over TLS, faces only {served:>8.1f} frames/s")
        if on_gpu:
            for detector in detectors.values():
                odd_sizes(detector)
        if scale is not QUICK:
            print_errors(device, Path(state))


def load_detectors(state: Path, device: str, precision: Precision) -> Mapping[str, Detector]:
    """Return the detectors as a server with a GPU would load them, by their settings' names."""
    store = ModelStore(state)
    return {
        "yunet": TorchYunet.on(device, load_yunet(store.resolve(YUNET)), precision),
        "cnn": CnnFaceDetectorNetwork.load(store.resolve(CNN_DETECTOR), device, precision),
    }


def subjects(
    config: Config, device: str, detectors: Mapping[str, Detector], scale: Scale
) -> list[Subject]:
    """Return the networks as the server would load them."""
    hog = replace(config, engine=replace(config.engine, detector="hog"))
    metrics = ServerMetrics(CollectorRegistry())
    detection = FaceDetection(hog, device, metrics)
    faces = FaceRecogniser(config, device, detection, FaceAlignment(config, metrics, None))
    objects = ObjectRecogniser(config, device)
    side = objects.classifier.input_size
    width, height = scale.frame
    return [
        *(Subject(name, one.detect, (height, width, 3)) for name, one in detectors.items()),
        Subject("descriptor", faces.network.describe, (150, 150, 3)),
        Subject("classifier", objects.classifier.classify, (side, side, 3)),
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--quick", action="store_true", help="run everything for a moment")
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        built = torch.version.cuda or "none, a build for CPUs"
        print(f"no CUDA device (torch {torch.__version__}, CUDA {built}): nothing was measured")
        return NOTHING_MEASURED
    scale = FULL if options.device == "cuda" else ON_CPU
    run(options.device, QUICK if options.quick else scale)
    return 0


if __name__ == "__main__":
    command.run(main)
