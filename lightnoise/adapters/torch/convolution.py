"""Convolution of batches with large kernels, by Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import fft
from torch import Tensor


@dataclass(frozen=True)
class Field:
    """A reflected picture on which to convolve.

    Parameters
    ----------
    rows, columns : Tensor of int64
        The picture's rows and columns, in the order in which they make up the field: half-sample symmetric reflection.
    top, left : int
        Where in it the picture itself begins.
    """

    rows: Tensor
    columns: Tensor
    top: int
    left: int

    @classmethod
    def of(cls, size: tuple[int, int], reach: tuple[int, int], device: torch.device) -> Field:
        """Return the field of a picture for kernels that reach so far."""
        rows, columns = (
            np.pad(np.arange(n), (r, transform_length(n + 2 * r) - n - r), mode="symmetric")
            for n, r in zip(size, reach, strict=True)
        )
        return cls(torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device), *reach)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.columns)


def transform_length(n: int) -> int:
    """Return the least even length ≥ n that transforms fast by MKL and by cuFFT: with no prime factor above 7."""
    length = n + n % 2
    while 2**20 * 3**12 * 5**8 * 7**7 % length:
        length += 2
    return length


def spectrum(kernel: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.complex64]:
    """Return the spectrum of centred kernels (..., 2·Ry + 1, 2·Rx + 1) on a field, (..., rows, columns // 2 + 1)."""
    rows, columns = kernel.shape[-2:]
    whole = np.zeros((*kernel.shape[:-2], *size), np.float32)
    whole[..., :rows, :columns] = kernel
    return fft.rfft2(np.roll(whole, (-(rows // 2), -(columns // 2)), axis=(-2, -1)))


def convolve(light: Tensor, transfer: Tensor, field: Field) -> Tensor:
    """Return a picture (B, C, h, w) convolved with what has the spectrum ``transfer`` on the field."""
    height, width = light.shape[2:]
    reflected = light.index_select(2, field.rows).index_select(3, field.columns)
    spread = torch.fft.irfft2(torch.fft.rfft2(reflected) * transfer, s=field.size)
    # rounding may leave a little less than no light
    return spread.narrow(2, field.top, height).narrow(3, field.left, width).clamp(min=0.0)
