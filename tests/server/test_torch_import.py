"""torch without what only its compilers need, in an interpreter of its own."""

import subprocess
import sys

import pytest

NETWORKS = """
import sys
from pathlib import Path
from iot_facerecognition_server.torch_import import import_torch, load_library_meanwhile
load_library_meanwhile()
import_torch()
import numpy as np
import torch
from iot_facerecognition_server.models.catalogue import EFFICIENTNET, FACE_DESCRIPTOR
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.face_descriptor import FaceDescriptorNetwork
from iot_facerecognition_server.networks.object_classifier import ObjectClassifier
from iot_facerecognition_server.networks.precision import Precision
store = ModelStore(Path("nowhere"))
faces = FaceDescriptorNetwork.load(store.resolve(FACE_DESCRIPTOR))
objects = ObjectClassifier.efficientnet(store.resolve(EFFICIENTNET), "cpu", Precision.FP32)
assert np.isfinite(faces.describe(np.zeros((2, 150, 150, 3), np.uint8))).all()
assert np.isfinite(objects.classify(np.zeros((2, 224, 224, 3), np.uint8))).all()
"""
LEFT_OUT = """
left_out = {"sympy", "torch._decomp.decompositions", "torch._refs"} & set(sys.modules)
assert not left_out, left_out
assert "torch._meta_registrations" in sys.modules
"""
ASKED_FOR = """
from torch._meta_registrations import meta_fft_c2c
assert callable(meta_fft_c2c)
assert "torch._decomp.decompositions" in sys.modules
assert not hasattr(torch._meta_registrations, "no_such_thing")
assert torch.nn.Linear(2, 3, device="meta").to_empty(device="cpu").weight.shape == (3, 2)
"""
NO_SUCH_MODULE = """
import sys
from iot_facerecognition_server import torch_import
torch_import.POSTPONED = frozenset({"torch._of_another_version"})
torch_import.import_torch()
assert "torch._decomp.decompositions" in sys.modules
assert not [finder for finder in sys.meta_path if "torch_import" in str(type(finder))]
"""


@pytest.mark.parametrize(
    "program",
    [NETWORKS + LEFT_OUT, NETWORKS + ASKED_FOR, NO_SUCH_MODULE],
    ids=["what is left out", "what is asked for is there", "another torch"],
)
def test_networks_need_nothing_of_what_is_postponed(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
