"""Cosine transforms down columns, and what is multiplied between them, by Fourier transforms of the same length.

A column's even rows, then its odd ones backwards, have the column's cosine transform C in their Fourier transform V:
e^{−πik/2n}·V(k) = C(k) − i·C(n − k). Two columns, as real and imaginary parts, share a Fourier transform. A pair is
what belongs to the frequencies k and n − k, for k = 0 … n/2: C(k) and −C(n − k), the latter 0 for k = 0.

References
----------
J. Makhoul, "A fast cosine transform in one and two dimensions", IEEE Trans. Acoustics, Speech and Signal Processing
28(1), 1980.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types

from lightnoise.kernels.fourier import FLOATS, Arithmetic, Numbers
from lightnoise.kernels.jit import subroutine
from lightnoise.kernels.parity import apart
from lightnoise.kernels.radices import LANES
from lightnoise.kernels.registers import I64, RegisterLoop, all_of, intrinsic


def _transforms_of_two(loop: RegisterLoop, addresses: list[Any]) -> tuple[Numbers, Numbers]:
    """Return twice the transforms of two real columns from the one they share, which stands there for k and for −k."""
    build = loop.builder
    (zr, zi), (yr, yi) = ((loop.load(address, FLOATS), loop.load(address, FLOATS, 1)) for address in addresses)
    return (build.fadd(zr, yr), build.fsub(zi, yi)), (build.fadd(zi, yi), build.fsub(yr, zr))


class _Pairs:
    """Builds what is done pair by pair; ``places``, ``turns`` and ``count`` are numbers of arguments."""

    def __init__(self, loop: RegisterLoop, places: int, turns: int, count: int) -> None:
        self.loop, self.numbers = loop, Arithmetic(loop.builder)
        self._places, self._turns, self._count = places, turns, count

    def run(self, body: Any) -> None:
        """Build ``body`` of a pair's number, its two rows, and e^{πik/2n}."""
        loop, builder, count = self.loop, self.loop.builder, self.loop.arguments[self._count]

        def one(index: Any) -> None:
            rows = [builder.load(loop.place(self._places, place)) for place in (index, builder.add(index, count))]
            address = loop.place(self._turns, builder.mul(index, I64(2)))
            body(index, rows, (loop.spread(address, FLOATS), loop.spread(address, FLOATS, 1)))

        loop.run(count, 1, one)

    def row(self, array: int, row: Any) -> Any:
        """Return the address of a row of two registers."""
        return self.loop.place(array, self.loop.builder.mul(row, I64(2 * LANES)))

    def cosines(self, columns: int, rows: list[Any], turn: Numbers) -> list[Numbers]:
        """Return twice the pairs of both columns that share a Fourier transform."""
        both = _transforms_of_two(self.loop, [self.row(columns, row) for row in rows])
        return [self.numbers.times(one, turn, conjugate=True) for one in both]

    def store(self, pairs: list[Numbers], turn: Numbers, columns: int, rows: list[Any]) -> None:
        """Store what `cosines` had loaded; reverse it, but for the factor of two."""
        build = self.loop.builder
        (ar, ai), (br, bi) = (self.numbers.times(pair, turn) for pair in pairs)
        at, mirrored = (self.row(columns, row) for row in rows)
        # the mirrored one first: of frequency 0 there is one row, and its imaginary part counts
        self.loop.store(build.fadd(ar, bi), mirrored)
        self.loop.store(build.fsub(br, ai), mirrored, 1)
        self.loop.store(build.fsub(ar, bi), at)
        self.loop.store(build.fadd(ai, br), at, 1)


@intrinsic
def _to_pairs(typing: Any, columns: Any, places: Any, turns: Any, count: Any, pairs: Any) -> Any:
    """Store twice the pairs of transformed columns in order."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        each = _Pairs(loop, 1, 2, 3)

        def body(index: Any, rows: list[Any], turn: Numbers) -> None:
            made = each.cosines(0, rows, turn)
            for side in (0, 1):
                address = each.row(4, builder.add(builder.mul(index, I64(2)), I64(side)))
                for part, pair in enumerate(made):
                    loop.store(pair[side], address, part)

        each.run(body)
        return context.get_dummy_value()

    return types.void(columns, places, turns, types.int64, pairs), generate


@intrinsic
def _from_pairs(typing: Any, pairs: Any, swapped: Any, places: Any, turns: Any, count: Any, columns: Any) -> Any:
    """Store what has those pairs; ``swapped`` is 1 where the second column's pairs stand the other way round."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        each = _Pairs(loop, 2, 3, 4)

        def body(index: Any, rows: list[Any], turn: Numbers) -> None:
            first = builder.mul(index, I64(2))
            last = builder.add(first, I64(1))
            orders = (first, last), (builder.add(first, arguments[1]), builder.sub(last, arguments[1]))
            found = [
                (loop.load(each.row(0, order[0]), FLOATS, part), loop.load(each.row(0, order[1]), FLOATS, part))
                for part, order in enumerate(orders)
            ]
            each.store(found, turn, 5, rows)

        each.run(body)
        return context.get_dummy_value()

    return types.void(pairs, types.int64, places, turns, types.int64, columns), generate


def _gains(each: _Pairs, arrays: list[int], weights: int, starts: list[Any], index: Any) -> list[Numbers]:
    """Load the gains of both columns' pairs: arrays' times their weights, added up.

    ``starts``: where they begin in the arrays for the first column, and behind, how much later for the second.
    """
    loop, builder = each.loop, each.loop.builder
    factors = [loop.spread(loop.place(weights, I64(0)), FLOATS, i) for i in range(len(arrays))]
    at, found = builder.mul(index, I64(2 * LANES)), []
    for _ in range(2):
        addresses = [loop.place(array, builder.add(start, at)) for array, start in zip(arrays, starts, strict=False)]
        sides = []
        for side in (0, 1):
            parts = [
                builder.fmul(loop.load(address, FLOATS, side), factor)
                for address, factor in zip(addresses, factors, strict=True)
            ]
            sides.append(parts[0] if len(parts) == 1 else builder.fadd(*parts))
        found.append((sides[0], sides[1]))
        at = builder.add(at, starts[-1])
    return found


def _weighing(both: bool) -> Any:
    """Return what weighs pairs, by even gains alone or by both even and odd ones."""

    @intrinsic
    def weigh(
        typing: Any,
        columns: Any,
        places: Any,
        turns: Any,
        count: Any,
        even: Any,
        common: Any,
        weights: Any,
        first: Any,
        shared: Any,
        apart: Any,
        odd: Any,
        others: Any,
    ) -> Any:
        """Multiply the pairs of transformed columns by gains, in place."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            loop, starts = RegisterLoop(context, builder, signature, arguments), list(arguments[7:10])
            each = _Pairs(loop, 1, 2, 3)

            def body(index: Any, rows: list[Any], turn: Numbers) -> None:
                gains = _gains(each, [4, 5], 6, starts, index)
                odds = _gains(each, [10], 6, starts, index) if both else []
                pairs = each.cosines(0, rows, turn)
                evens = [(builder.fmul(c, g), builder.fmul(d, h)) for (c, d), (g, h) in zip(pairs, gains, strict=True)]
                if not both:
                    each.store(evens, turn, 0, rows)
                # into sines, which are cosines in opposite order
                opposite = [
                    (builder.fmul(d, h), builder.fmul(c, g)) for (c, d), (g, h) in zip(pairs, odds, strict=False)
                ]
                for cosines, sines, array in zip(evens, opposite, (0, 11), strict=False):
                    each.store([cosines, sines], turn, array, rows)

            each.run(body)
            return context.get_dummy_value()

        numbers = (types.int64,) * 3
        return types.void(columns, places, turns, types.int64, even, common, weights, *numbers, odd, others), generate

    return weigh


_weigh, _weigh_both = _weighing(False), _weighing(True)


@intrinsic
def move(typing: Any, source: Any, first: Any, target: Any, at: Any) -> Any:
    """Copy sixteen items from ``first`` on to ``at`` on, counted through all rows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        loop.store(loop.load(loop.place(0, arguments[1]), FLOATS), loop.place(2, arguments[3]))
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate


@intrinsic
def move_negated(typing: Any, source: Any, first: Any, target: Any, at: Any) -> Any:
    """Do what `move` does, with the other sign."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        value = builder.fneg(loop.load(loop.place(0, arguments[1]), FLOATS))
        loop.store(value, loop.place(2, arguments[3]))
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate


def _add_positive(loop: RegisterLoop, light: Any, address: Any) -> None:
    """Build the addition of light, at least 0, to what stands at an address."""
    builder, none = loop.builder, all_of(FLOATS, 0.0)
    light = builder.select(builder.fcmp_ordered(">", light, none), light, none)
    loop.store(builder.fadd(loop.load(address, FLOATS), light), address)


@intrinsic
def add_light(typing: Any, source: Any, first: Any, target: Any, at: Any) -> Any:
    """Add sixteen items from ``first`` on, at least 0, to those from ``at`` on."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        _add_positive(loop, loop.load(loop.place(0, arguments[1]), FLOATS), loop.place(2, arguments[3]))
        return context.get_dummy_value()

    return types.void(source, types.int64, target, types.int64), generate


@intrinsic
def add_light_of_two(typing: Any, source: Any, first: Any, sign: Any, target: Any, at: Any) -> Any:
    """Do what `add_light` does with sixteen items plus ``sign`` times the sixteen behind them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        address = loop.place(0, arguments[1])
        other = builder.fmul(loop.load(address, FLOATS, 1), loop.all_as(arguments[2], FLOATS))
        _add_positive(loop, builder.fadd(loop.load(address, FLOATS), other), loop.place(3, arguments[4]))
        return context.get_dummy_value()

    return types.void(source, types.int64, types.float32, target, types.int64), generate


@intrinsic
def turn(typing: Any, source: Any, first: Any, pitch: Any, target: Any, at: Any, target_pitch: Any) -> Any:
    """Copy sixteen rows of sixteen items, rows to columns. Rows start a pitch apart."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        address, step = loop.place(0, arguments[1]), arguments[2]
        rows = [loop.load(builder.gep(address, [builder.mul(step, I64(i))]), FLOATS) for i in range(LANES)]
        half = LANES // 2
        low, high = ([k // 2 + start + LANES * (k % 2) for k in range(LANES)] for start in (0, half))
        # a perfect shuffle of all items, four times: each brings one bit of a row's number into the column's
        for _ in range(4):
            pairs = [(rows[i], rows[i + half]) for i in range(half)]
            rows = [loop.shuffle(a, b, order) for a, b in pairs for order in (low, high)]
        address, step = loop.place(3, arguments[4]), arguments[5]
        for i, row in enumerate(rows):
            loop.store(row, builder.gep(address, [builder.mul(step, I64(i))]))
        return context.get_dummy_value()

    numbers = types.int64
    return types.void(source, numbers, numbers, target, numbers, numbers), generate


@intrinsic
def fold(typing: Any, packed: Any, first: Any, columns: Any, at: Any, mirrored: Any) -> Any:
    """Store the sums of sixteen real and imaginary parts in turn at ``at``, their differences at ``mirrored``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = RegisterLoop(context, builder, signature, arguments)
        address = loop.place(0, arguments[1])
        real, imaginary = apart(loop, loop.load(address, FLOATS), loop.load(address, FLOATS, 1), 1)
        loop.store(builder.fadd(real, imaginary), loop.place(2, arguments[3]))
        loop.store(builder.fsub(real, imaginary), loop.place(2, arguments[4]))
        return context.get_dummy_value()

    return types.void(packed, types.int64, columns, types.int64, types.int64), generate


@intrinsic
def unfold(typing: Any, columns: Any, here: Any, mirrored: Any, tiles: Any, at: Any) -> Any:
    """Store the parts of two columns' transforms that are even and odd in frequency, from those of k and −k.

    Four registers, 256 items apart: the first column's even and odd part, then the second one's.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop, half = RegisterLoop(context, builder, signature, arguments), all_of(FLOATS, 0.5)
        first, second = _transforms_of_two(loop, [loop.place(0, arguments[i]) for i in (1, 2)])
        address = loop.place(3, arguments[4])
        for number, value in enumerate((*first, *second)):
            loop.store(builder.fmul(value, half), address, number * LANES)
        return context.get_dummy_value()

    return types.void(columns, types.int64, types.int64, tiles, types.int64), generate


@subroutine
def to_pairs(columns, axis, pairs):
    """Store twice the pairs of columns (n, 2, 16) that `lightnoise.kernels.fourier.transform` has transformed.

    ``pairs`` (≥ 2·count, 2, 16): two rows for each pair, in order.
    """
    _, places, turns, _ = axis
    _to_pairs(columns, places, turns, places.shape[1], pairs)


@subroutine
def from_pairs(pairs, swapped, axis, columns):
    """Reverse `to_pairs`, but for the factor of two; with ``swapped``, the second columns' pairs are the other way."""
    _, places, turns, _ = axis
    _from_pairs(pairs, np.int64(swapped), places, turns, places.shape[1], columns)


@subroutine
def weigh(columns, axis, even, odd, common, weights, first, shared, apart, others):
    """Multiply the pairs of transformed columns (n, 2, 16) by gains, in place, and by 2.

    The gains, see `lightnoise.kernels.symmetric`, of the first column are those from ``first`` on, or from ``shared``
    on in ``common``; those of the second stand ``apart`` from them. With odd gains, both products of the first column
    then share columns, and those of the second one share others.
    """
    _, places, turns, _ = axis
    count = places.shape[1]
    if odd.size > 0:
        _weigh_both(columns, places, turns, count, even, common, weights, first, shared, apart, odd, others)
    else:
        _weigh(columns, places, turns, count, even, common, weights, first, shared, apart, odd, others)
