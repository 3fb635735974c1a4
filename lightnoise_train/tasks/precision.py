"""Which number format a machine computes fastest in without losing the training."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
_BY_NAME: dict[str, Precision] = {"32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def choose(name: str, accelerator: str) -> Precision:
    """Return Lightning's name of a precision.

    Parameters
    ----------
    name : str
        "32", "bf16", "fp16", or "auto": bfloat16 where the hardware multiplies it (GPUs since Ampere, CPUs with AMX or
        AVX512-BF16), float16 on older GPUs, float32 elsewhere.
    accelerator : str
        "auto", "cpu" or "gpu".
    """
    if name != "auto":
        return _BY_NAME[name]
    if accelerator != "cpu" and torch.cuda.is_available():
        return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
    if accelerator != "cpu" and torch.backends.mps.is_available():
        return "32-true"
    return "bf16-mixed" if _cpu_multiplies_bfloat16() else "32-true"


def _cpu_multiplies_bfloat16() -> bool:
    """Emulated bfloat16 is slower than float32, so only instructions for it count."""
    if not hasattr(torch.cpu, "get_capabilities"):  # torch before 2.9
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    has = torch.cpu.get_capabilities()
    return bool(has.get("amx_bf16") or has.get("avx512_bf16"))
