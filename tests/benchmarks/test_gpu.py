"""The GPU's benchmark is seldom run on a GPU, so that it runs at all is tried on a CPU."""

import re

import pytest
import torch

from benchmarks import gpu


def test_everything_is_measured(capsys: pytest.CaptureFixture[str]):
    threads = torch.get_num_threads()
    try:
        assert gpu.main(["--device", "cpu", "--quick"]) == 0
    finally:
        torch.set_num_threads(threads)
    printed = capsys.readouterr().out
    for network in ("yunet", "cnn", "descriptor", "classifier"):
        rate = re.search(rf"{network} +batch +1 +[\d.]+ ms +(\d+) /s", printed)
        assert rate is not None, printed
        assert int(rate[1]) > 0
    assert re.search(r"roofline: [\d.]+ GFLOP, [\d.]+ GB, bound by (compute|memory)", printed)
    for detector in ("yunet", "cnn"):
        share = re.search(
            rf"{detector}: whole engine, \d+ workers +([\d.]+) frames/s, (\d+)%", printed
        )
        assert share is not None, printed
        assert float(share[1]) > 0

    assert "yunet: whole server over TLS" in printed


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_cuda_nothing_is_measured_and_said_so(capsys: pytest.CaptureFixture[str]):
    assert gpu.main([]) == gpu.NOTHING_MEASURED
    assert "no CUDA device" in capsys.readouterr().out
