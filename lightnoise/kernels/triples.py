"""Pixels of three channels, as many as a register holds at once, taken apart into even and odd ones, and put together.

Some items past the last whole pixel of a register are stored with it, and put right by the next one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from lightnoise.kernels.jit import kernel
from lightnoise.kernels.registers import I64, SIZE, RegisterLoop


def _register(context: Any, array: Any) -> Any:
    """Return the kind of a register of an array's items."""
    item = context.get_data_type(array.dtype)
    return ir.VectorType(item, SIZE // context.get_abi_sizeof(item))


@intrinsic
def _split(typing: Any, row: Any, even: Any, odd: Any, at: Any, count: Any) -> Any:
    """Copy ``count`` even and odd items, whole registers less what is no whole pixel, to ``at`` on of either array."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        kind = _register(context, signature.args[0])
        items = kind.count // 3 * 3
        source, targets = loop.place(0, I64(0)), [loop.place(array, arguments[3]) for array in (1, 2)]

        def body(index: Any) -> None:
            address = builder.gep(source, [builder.mul(index, I64(2))])
            first, second = loop.load(address, kind), loop.load(address, kind, 1)
            for parity, target in enumerate(targets):
                order = [min(6 * (i // 3) + 3 * parity + i % 3, 2 * kind.count - 1) for i in range(kind.count)]
                loop.store(loop.shuffle(first, second, order), builder.gep(target, [index]))

        loop.run(arguments[4], items, body)
        return context.get_dummy_value()

    return types.void(row, even, odd, types.int64, types.int64), generate


@intrinsic
def _join(typing: Any, even: Any, odd: Any, out: Any, at: Any, count: Any) -> Any:
    """Copy ``count`` even and as many odd items to ``at`` on of an array; see `_split`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        kind = _register(context, signature.args[0])
        items = kind.count // 3 * 3
        sources, target = [loop.place(array, I64(0)) for array in (0, 1)], loop.place(2, arguments[3])
        order = [3 * (i // 6) + i % 3 + (kind.count if i % 6 >= 3 else 0) for i in range(2 * kind.count)]
        order = [place if i < 2 * items else 0 for i, place in enumerate(order)]

        def body(index: Any) -> None:
            first, second = (loop.load(builder.gep(source, [index]), kind) for source in sources)
            address = builder.gep(target, [builder.mul(index, I64(2))])
            loop.store(loop.shuffle(first, second, order[: kind.count]), address)
            loop.store(loop.shuffle(first, second, order[kind.count :]), address, 1)

        loop.run(arguments[4], items, body)
        return context.get_dummy_value()

    return types.void(even, odd, out, types.int64, types.int64), generate


@kernel
def whole_registers(items, itemsize):
    """Return how many of that many items can be copied by whole registers, and stay within their arrays."""
    held = SIZE // itemsize
    step = held // 3 * 3
    return max((items - held) // step + 1, 0) * step if items >= held else 0


@kernel
def split_triples(row, even, odd):
    """Copy the even and the odd pixels of a row apart, to behind one pixel; return how many of each are done."""
    n = whole_registers(even.size - 6, row.itemsize)
    _split(row, even, odd, np.int64(3), n)
    return n // 3


@kernel
def join_triples(even, odd, out, y):
    """Put even and odd pixels side by side as row y of out, and return how many of each are done."""
    n = whole_registers(even.size, even.itemsize)
    _join(even, odd, out, np.int64(y) * out.shape[1], n)
    return n // 3
