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

    @classmethod
    def mirrored(cls, size: tuple[int, int], device: torch.device) -> Field:
        """Return the field of a picture and its mirror images, for kernels of any reach."""
        rows, columns = (np.pad(np.arange(n), (0, n), mode="symmetric") for n in size)
        return cls(torch.from_numpy(rows).to(device), torch.from_numpy(columns).to(device), 0, 0)

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
    down, along = -(-rows // size[0]), -(-columns // size[1])  # a larger kernel meets its own repetitions
    whole = np.zeros((*kernel.shape[:-2], down * size[0], along * size[1]), np.float32)
    whole[..., :rows, :columns] = kernel
    whole = np.roll(whole, (-(rows // 2), -(columns // 2)), axis=(-2, -1))
    return fft.rfft2(whole.reshape(*kernel.shape[:-2], down, size[0], along, size[1]).sum(axis=(-4, -2)))


def convolve(light: Tensor, transfer: Tensor, field: Field) -> Tensor:
    """Return a picture (B, C, h, w) convolved with what has the spectrum ``transfer`` on the field."""
    height, width = light.shape[2:]
    reflected = light.index_select(2, field.rows).index_select(3, field.columns)
    spread = torch.fft.irfft2(torch.fft.rfft2(reflected) * transfer, s=field.size)
    # rounding may leave a little less than no light
    return spread.narrow(2, field.top, height).narrow(3, field.left, width).clamp(min=0.0)
