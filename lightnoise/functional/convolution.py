"""Convolution by FFT of images about which there is nothing: OpenCV transforms rows, our loops columns.

Only an image's own rows are transformed and transformed back.
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
    values : ndarray of shape (2·Ry + 1, 2·Rx + 1), float32
        Centred.
    """

    def __init__(self, values: Image) -> None:
        self.values = values
        self.reach = values.shape[0] // 2, values.shape[1] // 2
        self._spectra: dict[tuple[int, int], Image] = {}

    def spectrum(self, field: Field) -> Image:
        """Return the spectrum on a field, (blocks, rows, 2, 16), rows in the order of the field's plan."""
        key = (field.rows, field.columns)
        if key not in self._spectra:
            self._spectra[key] = self._transform(field)
        return self._spectra[key]

    def _transform(self, field: Field) -> Image:
        (above, reach), count = self.reach, len(self.values)
        packed = np.zeros((count + 1, field.pitch), np.float32)  # the last row stays empty
        # centred on the first cell, about which the field is periodic
        packed[:-1, 1 : reach + 2] = self.values[:, reach:]
        packed[:-1, 1 + field.columns - reach : 1 + field.columns] = self.values[:, :reach]
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
        """Add the image that was drawn, times a weight for each channel, convolved with a kernel."""
        field = self._field
        field.transform_rows(self._packed.reshape(-1, field.pitch))
        spectrum, plan = kernel.spectrum(field), field.plan.for_kernels()
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


@lru_cache(maxsize=64)
def field_of(rows: int, columns: int) -> Field:
    """Return the field of at least so many cells that is fast to transform."""
    return Field(cv2.getOptimalDFTSize(rows), 2 * cv2.getOptimalDFTSize((columns + 1) // 2))
