"""Convolution by FFT, for kernels that are no sum of Gaussians: OpenCV transforms rows, our loops columns.

Only the picture's own rows are transformed and transformed back: those about it are reflections of them.
"""

from __future__ import annotations

from functools import cached_property, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels as loops
from lightnoise.kernels.radices import LANES
from lightnoise.optics.fourier import Plan, plan

Image = NDArray[np.float32]


class Field:
    """A periodic field of cells.

    Parameters
    ----------
    rows, columns : int
        Cells; prime factors 2, 3 and 5, the number of columns even.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.blocks = columns // 2 // LANES + 1
        #: Places of a row: sixteen pairs for each block, and some more since powers of two would share cache lines.
        self.pitch = (2 * self.blocks + 1) * LANES

    @cached_property
    def plan(self) -> Plan:
        """The plan of the columns' transform."""
        return plan(self.rows)

    def transform_rows(self, packed: Image) -> None:
        """Transform rows (n, pitch) in place, cells from place 1 on, as `lightnoise.kernels.spectra` needs them."""
        cells = packed[:, 1 : 1 + self.columns]
        cv2.dft(cells, dst=cells, flags=cv2.DFT_ROWS)

    def transform_rows_back(self, packed: Image) -> None:
        """Undo `transform_rows`, but for a factor of ``columns``."""
        cells = packed[:, 1 : 1 + self.columns]
        cv2.dft(cells, dst=cells, flags=cv2.DFT_ROWS | cv2.DFT_INVERSE)


class Kernel:
    """A convolution kernel that keeps its spectra.

    Parameters
    ----------
    values : ndarray of shape (2·Ry + 1, 2·Rx + 1, C), float32
        Centred.
    """

    def __init__(self, values: Image) -> None:
        self.values = values
        self.reach = values.shape[0] // 2, values.shape[1] // 2
        self._spectra: dict[tuple[int, int, int], Image] = {}
        self._gains: dict[tuple[int, int, int], Image] = {}

    def gain(self, channel: int, field: Field) -> Image:
        """Return one channel's spectrum on a field if it is real, (blocks, rows, 16); see `spectrum`.

        So it is for kernels that look the same turned by half a turn.
        """
        key = (channel, field.rows, field.columns)
        if key not in self._gains:
            # the parts above and below the centre have conjugate spectra: twice the real part of one
            lower = 2.0 * self.values[self.reach[0] :, :, channel]
            lower[0] *= 0.5
            self._gains[key] = _spectrum(lower, 0, field)[:, :, 0].copy()
        return self._gains[key]

    def spectrum(self, channel: int, field: Field) -> Image:
        """Return one channel's spectrum on a field, (blocks, rows, 2, 16), rows in the order of the field's plan."""
        key = (channel, field.rows, field.columns)
        if key not in self._spectra:
            self._spectra[key] = _spectrum(self.values[..., channel], self.reach[0], field)
        return self._spectra[key]


def _spectrum(values: Image, above: int, field: Field) -> Image:
    """Return the spectrum on a field, (blocks, rows, 2, 16), of rows about a centre, of which so many are above it."""
    count, reach = len(values), values.shape[1] // 2
    packed = np.zeros((count + 1, field.pitch), np.float32)  # the last row stays empty
    # centred on the first cell, about which the field is periodic
    packed[:-1, 1 : reach + 2] = values[:, reach:]
    packed[:-1, 1 + field.columns - reach : 1 + field.columns] = values[:, :reach]
    field.transform_rows(packed)
    rows = np.full(field.rows, count, np.int64)
    rows[: count - above] = np.arange(above, count)
    rows[field.rows - above :] = np.arange(above)
    out = np.empty((field.blocks, field.rows, 2, LANES), np.float32)
    loops.spectra.transform_columns(packed, rows, field.plan.for_kernels(), out)
    # of the zeroth frequency along the rows, the imaginary part stood for the real one
    real, imaginary = out[0, :, 1, 0].copy(), -out[0, :, 0, 0]
    out[0, :, 0, 0], out[0, :, 1, 0] = real, imaginary
    return out


class Superposition:
    """Images on one field, each convolved with a kernel of its own, added up as spectra.

    Parameters
    ----------
    rows, columns : int
        Size of an image, about which there is nothing: room for what kernels spread is part of it.
    channels : int
    """

    def __init__(self, rows: int, columns: int, channels: int) -> None:
        self._field = field = field_of(rows, columns)
        self._packed = np.empty((channels, rows + 1, field.pitch), np.float32)  # the last row stays empty
        self._image = self._packed[:, :rows, 1 : 1 + columns]
        self._rows = np.minimum(np.arange(field.rows), rows)
        self._total = np.zeros((channels, field.blocks, field.rows, 2, LANES), np.float32)

    def blank(self) -> Image:
        """Return an empty image (C, rows, columns) to draw on, the same one each time."""
        self._packed[...] = 0.0
        return self._image

    def add(self, kernel: Kernel, weights: NDArray[np.float64]) -> None:
        """Add the image that was drawn, times a weight for each channel, convolved with a kernel of one channel."""
        field = self._field
        field.transform_rows(self._packed.reshape(-1, field.pitch))
        spectrum, plan = kernel.spectrum(0, field), field.plan.for_kernels()
        for one, weight, total in zip(self._packed, weights, self._total, strict=True):
            loops.spectra.add_filtered(one, self._rows, plan, spectrum, np.float32(weight), total)

    def picture(self, margin: int, height: int, width: int) -> Image:
        """Return the sum within a margin, (height, width, C), at least 0. The sum is used up."""
        field, channels = self._field, len(self._total)
        self._total *= np.float32(1.0 / (field.rows * field.columns))
        packed = np.empty((channels, height, field.pitch), np.float32)
        for total, one in zip(self._total, packed, strict=True):
            loops.spectra.transform_columns_back(total, margin, field.plan.for_kernels(), one)
        field.transform_rows_back(packed.reshape(-1, field.pitch))
        out = np.zeros((height, width, channels), np.float32)
        # rounding may leave a little less than no light, which is cut off
        loops.fields.add_together(packed, margin, out)
        return out


def add_convolved(light: Image, kernels: list[tuple[float, Kernel]], out: Image) -> None:
    """Add Σ weight·(kernel ∗ light) to ``out`` in place, with half-sample symmetric reflection at the borders.

    Parameters
    ----------
    light, out : ndarray of shape (h, w, C), float32
    kernels : list of (weight, Kernel)
        Symmetric ones: they look the same turned by half a turn.
    """
    height, width, channels = light.shape
    reach_y = max(kernel.reach[0] for _, kernel in kernels)
    reach_x = max(kernel.reach[1] for _, kernel in kernels)
    field = field_of(height + 2 * reach_y, width + 2 * reach_x)
    packed = np.empty((channels, height, field.pitch), np.float32)
    loops.fields.spread_out(light, _reflected(width, reach_x, field.columns), reach_x, packed)
    field.transform_rows(packed.reshape(-1, field.pitch))
    rows = _reflected(height, reach_y, field.rows)
    scale = 1.0 / (field.rows * field.columns)
    for c, one in enumerate(packed):
        parts = [(weight, kernel.gain(c, field)) for weight, kernel in kernels]
        weight, gain = parts[0] if len(parts) == 1 else (1.0, _sum_of(parts))
        loops.spectra.filter_columns(one, rows, reach_y, field.plan.for_kernels(), gain, np.float32(weight * scale))
    field.transform_rows_back(packed.reshape(-1, field.pitch))
    # rounding may leave a little less than no light, which is cut off
    loops.fields.add_together(packed, reach_x, out)


def _sum_of(parts: list[tuple[float, Image]]) -> Image:
    """Return Σ weight·gain."""
    result = np.zeros_like(parts[0][1])
    for weight, gain in parts:
        result += np.float32(weight) * gain
    return result


@lru_cache(maxsize=64)
def field_of(rows: int, columns: int) -> Field:
    """Return the field of at least so many cells that is fast to transform."""
    return Field(cv2.getOptimalDFTSize(rows), 2 * cv2.getOptimalDFTSize((columns + 1) // 2))


@lru_cache(maxsize=64)
def _reflected(n: int, before: int, length: int) -> NDArray[np.int64]:
    """Return the cell of n that stands at each of ``length``, the first being that many before, by reflection."""
    return np.pad(np.arange(n), (before, length - n - before), mode="symmetric")
