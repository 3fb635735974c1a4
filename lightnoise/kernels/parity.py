"""Even and odd pixels of a row taken apart and put together, as many at once as a register holds.

Some items past the last whole pixel of a register are stored with it, and put right by the next one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.registers import I64, SIZE, RegisterLoop, intrinsic


def _register(context: Any, array: Any) -> Any:
    """Return the kind of a register of an array's items."""
    item = context.get_data_type(array.dtype)
    return ir.VectorType(item, SIZE // context.get_abi_sizeof(item))


def _splitting(channels: int) -> Any:
    """Return what takes pixels of so many channels apart."""

    @intrinsic
    def split(typing: Any, row: Any, even: Any, odd: Any, count: Any) -> Any:
        """Copy ``count`` even and odd items, whole registers less what is no whole pixel, to behind one pixel."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            loop = RegisterLoop(context, builder, signature, arguments)
            kind = _register(context, signature.args[0])
            source, targets = loop.place(0, I64(0)), [loop.place(array, I64(channels)) for array in (1, 2)]
            pixels = [divmod(i, channels) for i in range(kind.count)]
            orders = [[channels * (2 * pixel + parity) + c for pixel, c in pixels] for parity in (0, 1)]

            def body(index: Any) -> None:
                address = builder.gep(source, [builder.mul(index, I64(2))])
                first, second = loop.load(address, kind), loop.load(address, kind, 1)
                for order, target in zip(orders, targets, strict=True):
                    within = [min(place, 2 * kind.count - 1) for place in order]
                    loop.store(loop.shuffle(first, second, within), builder.gep(target, [index]))

            loop.run(arguments[3], kind.count // channels * channels, body)
            return context.get_dummy_value()

        return types.void(row, even, odd, types.int64), generate

    return split


def _joining(channels: int) -> Any:
    """Return what puts pixels of so many channels together."""

    @intrinsic
    def join(typing: Any, even: Any, odd: Any, out: Any, at: Any, count: Any) -> Any:
        """Copy ``count`` even and as many odd items to ``at`` on of an array; see `_splitting`."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            loop = RegisterLoop(context, builder, signature, arguments)
            kind = _register(context, signature.args[0])
            sources, target = [loop.place(array, I64(0)) for array in (0, 1)], loop.place(2, arguments[3])

            def body(index: Any) -> None:
                first, second = (loop.load(builder.gep(source, [index]), kind) for source in sources)
                store_joined(loop, first, second, channels, builder.gep(target, [builder.mul(index, I64(2))]))

            loop.run(arguments[4], kind.count // channels * channels, body)
            return context.get_dummy_value()

        return types.void(even, odd, out, types.int64, types.int64), generate

    return join


def store_joined(loop: RegisterLoop, even: Any, odd: Any, channels: int, address: Any) -> None:
    """Store the whole pixels of a register of even and one of odd ones in turn."""
    count = even.type.count
    pixels = [divmod(i, channels) for i in range(2 * count)]
    order = [channels * (pixel // 2) + c + count * (pixel % 2) for pixel, c in pixels]
    order = [min(place, 2 * count - 1) for place in order]
    for number in (0, 1):
        loop.store(loop.shuffle(even, odd, order[number * count : (number + 1) * count]), address, number)


_split_1, _split_3 = _splitting(1), _splitting(3)
_join_1, _join_3 = _joining(1), _joining(3)


@kernel
def whole_registers(items, itemsize, channels):
    """Return how many of that many items can be copied by whole registers, and stay within their arrays."""
    held = SIZE // itemsize
    step = held // channels * channels
    return ((items - held) // step + 1) * step if items >= held else 0


@kernel
def split(row, channels, even, odd):
    """Copy the even and the odd pixels of a row apart, to behind one reflected pixel: −1 is pixel 0, −2 is pixel 1."""
    c, size = channels, even.size - 2 * channels
    done = 0
    if c == 3:
        done = whole_registers(size, row.itemsize, 3)
        _split_3(row, even, odd, done)
    elif c == 1:
        done = whole_registers(size, row.itemsize, 1)
        _split_1(row, even, odd, done)
    for j in range(done, size, c):
        for k in range(j, j + c):
            even[k + c], odd[k + c] = row[k + j], row[k + j + c]
    for k in range(c):
        even[k], odd[k] = odd[k + c], even[k + c]
        even[k + c + size], odd[k + c + size] = odd[k + size], even[k + size]


@kernel
def join(even, odd, channels, out, y):
    """Put even and odd pixels, without any beyond the ends, side by side as row y."""
    c, at = channels, np.int64(y) * out.shape[1]
    done = 0
    if c == 3:
        done = whole_registers(even.size, even.itemsize, 3)
        _join_3(even, odd, out, at, done)
    elif c == 1:
        done = whole_registers(even.size, even.itemsize, 1)
        _join_1(even, odd, out, at, done)
    for j in range(done, even.size, c):
        for k in range(j, j + c):
            out[y, k + j], out[y, k + j + c] = even[k], odd[k]
