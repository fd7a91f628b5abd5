from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from iot_facerecognition_server.models.catalogue import YUNET
from iot_facerecognition_server.models.store import ModelStore
from iot_facerecognition_server.networks.yunet.layers import YunetLayers, load_yunet
from iot_facerecognition_server.networks.yunet.onnx_file import Filters
from iot_facerecognition_server.networks.yunet.onnx_session import OnnxYunet
from iot_facerecognition_server.networks.yunet.torch_network import TorchYunet


@pytest.fixture(scope="session")
def yunet_file(store: ModelStore) -> Path:
    return store.resolve(YUNET)


@pytest.fixture(scope="session")
def layers(yunet_file: Path) -> YunetLayers[Filters]:
    torch.set_num_threads(1)
    return load_yunet(yunet_file)


@pytest.fixture(scope="session")
def by_onnx(layers: YunetLayers[Filters]) -> OnnxYunet:
    return OnnxYunet(layers)


@pytest.fixture(scope="session")
def by_torch(layers: YunetLayers[Filters]) -> TorchYunet:
    return TorchYunet.on("cpu", layers)


@pytest.fixture(scope="session")
def group(photos: Path) -> np.ndarray:
    """Several people, (h, w, 3) uint8 RGB with sides that are no multiples of 32."""
    picture = Image.open(photos / "group.jpg").convert("RGB")
    picture.thumbnail((620, 470))
    return np.asarray(picture)
