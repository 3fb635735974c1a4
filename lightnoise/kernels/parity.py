"""Even and odd pixels of a row taken apart and put together, as many at once as a register holds.

Some items past the last whole pixel of a register are stored with it, and put right by the next one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types

from lightnoise.kernels.jit import subroutine
from lightnoise.kernels.registers import I64, SIZE, RegisterLoop, intrinsic

#: Channels of pictures.
CHANNELS = (1, 3)


def _register(context: Any, array: Any) -> Any:
    """Return the kind of a register of an array's items."""
    item = context.get_data_type(array.dtype)
    return ir.VectorType(item, SIZE // context.get_abi_sizeof(item))


def for_channels(loop: RegisterLoop, channels: Any, build: Callable[[int], None]) -> None:
    """Build code for each number of channels that pictures have, of which that of ``channels`` runs."""
    for one in CHANNELS:
        with loop.builder.if_then(loop.builder.icmp_signed("==", channels, I64(one))):
            build(one)


def apart(loop: RegisterLoop, first: Any, second: Any, channels: int) -> list[Any]:
    """Return the even and the odd pixels of two registers side by side; past the last whole one, anything."""
    count = first.type.count
    pixels = [divmod(i, channels) for i in range(count)]
    orders = [[channels * (2 * pixel + parity) + c for pixel, c in pixels] for parity in (0, 1)]
    return [loop.shuffle(first, second, [min(place, 2 * count - 1) for place in order]) for order in orders]


def store_joined(loop: RegisterLoop, even: Any, odd: Any, channels: int, address: Any) -> None:
    """Store the whole pixels of a register of even and one of odd ones in turn."""
    count = even.type.count
    pixels = [divmod(i, channels) for i in range(2 * count)]
    order = [channels * (pixel // 2) + c + count * (pixel % 2) for pixel, c in pixels]
    order = [min(place, 2 * count - 1) for place in order]
    for number in (0, 1):
        loop.store(loop.shuffle(even, odd, order[number * count : (number + 1) * count]), address, number)


@intrinsic
def _split(typing: Any, row: Any, channels: Any, even: Any, odd: Any, count: Any) -> Any:
    """Copy ``count`` even and odd items, whole registers less what is no whole pixel, to behind one pixel."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        kind, source = _register(context, signature.args[0]), loop.place(0, I64(0))

        def build(channels: int) -> None:
            targets = [loop.place(array, I64(channels)) for array in (2, 3)]

            def body(index: Any) -> None:
                address = builder.gep(source, [builder.mul(index, I64(2))])
                pixels = apart(loop, loop.load(address, kind), loop.load(address, kind, 1), channels)
                for half, target in zip(pixels, targets, strict=True):
                    loop.store(half, builder.gep(target, [index]))

            loop.run(arguments[4], kind.count // channels * channels, body)

        for_channels(loop, arguments[1], build)
        return context.get_dummy_value()

    return types.void(row, types.int64, even, odd, types.int64), generate


@intrinsic
def _join(typing: Any, even: Any, odd: Any, channels: Any, out: Any, at: Any, count: Any) -> Any:
    """Copy ``count`` even and as many odd items to ``at`` on of an array; see `_split`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        kind = _register(context, signature.args[0])
        sources, target = [loop.place(array, I64(0)) for array in (0, 1)], loop.place(3, arguments[4])

        def build(channels: int) -> None:
            def body(index: Any) -> None:
                first, second = (loop.load(builder.gep(source, [index]), kind) for source in sources)
                store_joined(loop, first, second, channels, builder.gep(target, [builder.mul(index, I64(2))]))

            loop.run(arguments[5], kind.count // channels * channels, body)

        for_channels(loop, arguments[2], build)
        return context.get_dummy_value()

    return types.void(even, odd, types.int64, out, types.int64, types.int64), generate


@subroutine
def whole_registers(items, itemsize, channels):
    """Return how many of that many items can be copied by whole registers, and stay within their arrays."""
    held = SIZE // itemsize
    if items < held or channels not in CHANNELS:
        return 0
    step = held // channels * channels
    return ((items - held) // step + 1) * step


@subroutine
def split(row, channels, even, odd):
    """Copy the even and the odd pixels of a row apart, to behind one reflected pixel: −1 is pixel 0, −2 is pixel 1."""
    c, size = channels, even.size - 2 * channels
    done = whole_registers(size, row.itemsize, c)
    _split(row, c, even, odd, done)
    for j in range(done, size, c):
        for k in range(j, j + c):
            even[k + c], odd[k + c] = row[k + j], row[k + j + c]
    for k in range(c):
        even[k], odd[k] = odd[k + c], even[k + c]
        even[k + c + size], odd[k + c + size] = odd[k + size], even[k + size]


@subroutine
def join(even, odd, channels, out, y):
    """Put even and odd pixels, without any beyond the ends, side by side as row y."""
    c, at = channels, np.int64(y) * out.shape[1]
    done = whole_registers(even.size, even.itemsize, c)
    _join(even, odd, c, out, at, done)
    for j in range(done, even.size, c):
        for k in range(j, j + c):
            out[y, k + j], out[y, k + j + c] = even[k], odd[k]
