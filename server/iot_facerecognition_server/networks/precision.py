"""Which floating point format to run a network in."""

from enum import StrEnum
from pathlib import Path
from typing import Final

import torch

AUTOMATIC: Final = "auto"
_CPU_INFORMATION: Final = Path("/proc/cpuinfo")
_FAST_BF16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Flags of CPUs that multiply bfloat16 in hardware; the last one is ARM's."""


class Precision(StrEnum):
    """The format of weights and activations. Inputs and outputs are float32 anyway."""

    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


TYPES: Final = {
    Precision.FP32: torch.float32,
    Precision.BF16: torch.bfloat16,
    Precision.FP16: torch.float16,
}
"""torch's own names of them."""


def choose_precision(
    wanted: str, device: str, cpu_information: Path = _CPU_INFORMATION
) -> Precision:
    """Return the precision that the setting `wanted` (auto, fp32, bf16, fp16) means on `device`.

    `auto` is fp16 on CUDA, which is as fast as bf16 and eight times as exact; bf16 on CPUs that
    have it in hardware; fp32 on others, which would only emulate it. Raises ValueError for another
    word, and for fp16 on a CPU, where torch is many times slower with it.
    """
    on_cpu = device == "cpu"
    if wanted == AUTOMATIC:
        if not on_cpu:
            return Precision.FP16
        return Precision.BF16 if _has_fast_bf16(cpu_information) else Precision.FP32
    allowed = [precision for precision in Precision if not (on_cpu and precision == Precision.FP16)]
    if wanted not in allowed:
        names = ", ".join([AUTOMATIC, *allowed])
        raise ValueError(f"precision {wanted!r} on {device}: it can be {names}")
    return Precision(wanted)


def choose_detector_precision(wanted: str, device: str) -> Precision:
    """Return the precision in which a detector runs where `wanted` is set; never bf16.

    bf16 is off by more than neighbouring places of a detector differ: which of them wins, and with
    it the box, would depend on how the processor rounds. Raises ValueError as `choose_precision`.
    """
    chosen = choose_precision(wanted, device)
    if chosen != Precision.BF16:
        return chosen
    return Precision.FP32 if device == "cpu" else Precision.FP16


def _has_fast_bf16(cpu_information: Path) -> bool:
    """Look for the CPU's flags where Linux tells them; elsewhere there is no telling."""
    try:
        text = cpu_information.read_text()
    except OSError:
        return False
    flags = (line for line in text.splitlines() if line.startswith(("flags", "Features")))
    return not _FAST_BF16.isdisjoint(next(flags, "").split())
