"""Convolution down the columns of fields whose rows OpenCV has transformed.

A row's spectrum is packed: the zeroth frequency, then real and imaginary parts of the others in turn, of the highest
the real part alone. Behind one empty place it becomes pairs, of which the first has the zeroth frequency as its
imaginary part and the last an empty one; a convolution leaves the parts of both apart. Sixteen pairs make a block,
which is transformed, multiplied and transformed back before the next one. Places past the last pair are empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from lightnoise.kernels.fourier import FLOATS, Arithmetic, transform, transform_back
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.parity import apart, store_joined
from lightnoise.kernels.radices import LANES
from lightnoise.kernels.registers import I64, RegisterLoop, intrinsic


@intrinsic
def _take(typing: Any, packed: Any, pitch: Any, rows: Any, first: Any, columns: Any, count: Any) -> Any:
    """columns[i] = real and imaginary parts of the row ``rows[i]`` from ``first`` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        source, row, target = loop.place(0, arguments[3]), loop.place(2, I64(0)), loop.place(4, I64(0))

        def body(index: Any) -> None:
            at = builder.load(builder.gep(row, [index]))
            address = builder.gep(source, [builder.mul(at, arguments[1])])
            for part, numbers in enumerate(apart(loop, loop.load(address, FLOATS), loop.load(address, FLOATS, 1), 1)):
                loop.store(numbers, builder.gep(target, [builder.mul(index, I64(2 * LANES))]), part)

        loop.run(arguments[5], 1, body)
        return context.get_dummy_value()

    return types.void(packed, types.int64, rows, types.int64, columns, types.int64), generate


@intrinsic
def _put(typing: Any, columns: Any, top: Any, packed: Any, pitch: Any, first: Any, count: Any) -> Any:
    """Put ``count`` rows of columns, from ``top`` on, into rows from ``first`` on: the reverse of `_take`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        source = loop.place(0, builder.mul(arguments[1], I64(2 * LANES)))
        target = loop.place(2, arguments[4])

        def body(index: Any) -> None:
            address = builder.gep(source, [builder.mul(index, I64(2 * LANES))])
            real, imaginary = loop.load(address, FLOATS), loop.load(address, FLOATS, 1)
            store_joined(loop, real, imaginary, 1, builder.gep(target, [builder.mul(index, arguments[3])]))

        loop.run(arguments[5], 1, body)
        return context.get_dummy_value()

    return types.void(columns, types.int64, packed, types.int64, types.int64, types.int64), generate


@intrinsic
def _add_product(typing: Any, columns: Any, spectrum: Any, first: Any, weight: Any, total: Any, count: Any) -> Any:
    """Add columns times ``weight`` and the spectrum from ``first`` on to what stands there in a total."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop, numbers = RegisterLoop(context, builder, signature, arguments), Arithmetic(builder)
        arrays = [loop.place(0, I64(0)), loop.place(1, arguments[2]), loop.place(4, arguments[2])]
        weight = loop.all_as(arguments[3], FLOATS)

        def body(index: Any) -> None:
            addresses = [builder.gep(array, [builder.mul(index, I64(2 * LANES))]) for array in arrays]
            values, factors, sums = ([loop.load(address, FLOATS, part) for part in (0, 1)] for address in addresses)
            product = numbers.times((values[0], values[1]), (factors[0], factors[1]))
            for part in (0, 1):
                loop.store(builder.fadd(sums[part], builder.fmul(product[part], weight)), addresses[2], part)

        loop.run(arguments[5], 1, body)
        return context.get_dummy_value()

    return types.void(columns, spectrum, types.int64, types.float32, total, types.int64), generate


@subroutine
def take(packed, rows, block, columns):
    """Take a block of pairs out of packed rows (h, pitch): columns (n, 2, 16) get the rows ``rows`` (n,)."""
    _take(packed, packed.shape[1], rows, np.int64(2 * LANES * block), columns, columns.shape[0])


@subroutine
def put(columns, top, packed, block):
    """Put those rows of columns that are a field's, from ``top`` on, back into packed rows (h, pitch)."""
    _put(columns, top, packed, packed.shape[1], np.int64(2 * LANES * block), packed.shape[0])


@kernel
def transform_columns(packed, rows, plan, out):
    """Transform the columns of packed rows (h, pitch): out (blocks, n, 2, 16), rows as in `take`."""
    for block in range(out.shape[0]):
        take(packed, rows, block, out[block])
        transform(out[block], plan)


@kernel
def add_filtered(packed, rows, plan, spectrum, weight, total):
    """Add to ``total`` the transformed columns of packed rows (h, pitch), times a spectrum and a weight.

    ``spectrum`` and ``total`` are (blocks, n, 2, 16), rows as in `take`.
    """
    blocks, n = spectrum.shape[:2]
    columns = np.empty((n, 2, LANES), np.float32)
    for block in range(blocks):
        take(packed, rows, block, columns)
        transform(columns, plan)
        _add_product(columns, spectrum, np.int64(block * n * 2 * LANES), weight, total, n)


@kernel
def transform_columns_back(spectrum, top, plan, packed):
    """Transform (blocks, n, 2, 16) back to packed rows (h, pitch), those from ``top`` on, n times too large.

    What it transforms is used up.
    """
    for block in range(spectrum.shape[0]):
        transform_back(spectrum[block], plan)
        put(spectrum[block], top, packed, block)
