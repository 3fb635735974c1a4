"""Convolution of a picture that continues as its own mirror image, by cosine transforms down columns and along rows.

Columns are transformed first, thirty-two places of a row at once, and stored turned: sixteen frequencies side by side,
which is a register, for each place of a row. So rows are transformed like columns.

A kernel that looks the same turned by half a turn has a real spectrum, even plus odd: the part that is even in both
frequencies multiplies cosines into cosines, the part that is odd in both multiplies them into sines. These are cosines
in opposite order with alternating signs.

References
----------
S. A. Martucci, "Symmetric convolution and the discrete sine and cosine transforms", IEEE Trans. Signal Processing
42(5), 1994.
"""

from __future__ import annotations

import numpy as np

from lightnoise.kernels.cosines import (
    add_light,
    add_light_of_two,
    fold,
    from_pairs,
    move,
    move_negated,
    to_pairs,
    turn,
    unfold,
    weigh,
)
from lightnoise.kernels.fourier import transform, transform_back
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.radices import LANES


@subroutine
def place_of(i, n):
    """Return where row i of n is transformed: even ones first, then the odd ones backwards."""
    return i // 2 if i % 2 == 0 else n - 1 - i // 2


@subroutine
def copy_edge(light, first, edge, back):
    """Copy what each row has from ``first`` on, less than a block, to edge (h, 32), or back."""
    for i in range(light.shape[0]):
        for j in range(light.shape[1] - first):
            if back:
                light[i, first + j] = edge[i, j]
            else:
                edge[i, j] = light[i, first + j]


@kernel
def columns_to_cosines(light, down, scratch, turned):
    """Transform the columns of light (h, w·c) to turned (groups, places, 16): sixteen of the pairs' rows a group.

    ``scratch``: columns (n, 2, 16), pairs (16·groups, 2, 16), those past the last one 0, and an edge (h, 32).
    """
    rows, _, _, plan = down
    columns, pairs, edge = scratch
    groups, held, _ = turned.shape
    width = light.shape[1]
    for first in range(0, width, 2 * LANES):
        source, at = light, first
        if first + 2 * LANES > width:
            copy_edge(light, first, edge, False)
            source, at = edge, 0
        for i in range(rows.size):
            start = rows[i] * source.shape[1] + at
            move(source, start, columns, i * 2 * LANES)
            move(source, start + LANES, columns, i * 2 * LANES + LANES)
        transform(columns, plan)
        to_pairs(columns, down, pairs)
        for group in range(groups):
            for part in range(2):
                target = (group * held + first + part * LANES) * LANES
                turn(pairs, (group * 2 * LANES + part) * LANES, 2 * LANES, turned, target, LANES)


@kernel
def weigh_rows(turned, width, along, even, odd, common, weights, scratch, others):
    """Transform rows, multiply by gains (c, groups, pairs, 2, 16) and transform back.

    turned (groups, places, 16) from `columns_to_cosines`, its groups even in number, gets what stays cosines down the
    columns. Without odd gains (size 0) this is all; with them, others, as large, gets what becomes sines. The even ones
    are ``even`` and, the same for all channels, ``common`` (groups, pairs, 2, 16), times the two ``weights``; the odd
    ones have the first weight too. ``scratch`` is (2·n, 2, 16).
    """
    cells, places, _, plan = along
    n, count = cells.size, places.shape[1]
    channels, groups = even.shape[0], even.shape[1]
    held = turned.shape[1]
    columns, second = scratch[:n], scratch[n:]
    for channel in range(channels):
        for group in range(0, groups, 2):
            start = (group * held + channel) * LANES
            for i in range(n):
                at = start + cells[i] * channels * LANES
                move(turned, at, columns, i * 2 * LANES)
                move(turned, at + held * LANES, columns, i * 2 * LANES + LANES)
            transform(columns, plan)
            gains = (channel * groups + group) * count * 2 * LANES
            shared, apart = group * count * 2 * LANES, count * 2 * LANES
            weigh(columns, along, even, odd, common, weights, gains, shared, apart, second)
            for part in range(2 if odd.size > 0 else 1):
                both = columns if part == 0 else second
                transform_back(both, plan)
                for x in range(width):
                    at, i = start + (x * channels + part * held) * LANES, place_of(x, n) * 2 * LANES
                    move(both, i, turned, at)
                    if odd.size == 0:
                        move(both, i + LANES, turned, at + held * LANES)
                    elif x % 2 == 0:
                        move(both, i + LANES, others, at)
                    else:
                        move_negated(both, i + LANES, others, at)


@kernel
def columns_from_cosines(turned, others, down, scratch, out):
    """Transform columns back, and add them, at least 0, to out (h, w·c).

    turned and others are from `weigh_rows`, scratch is as in `columns_to_cosines`.
    """
    rows, _, _, plan = down
    columns, pairs, edge = scratch
    n, width, (groups, held, _) = rows.size, out.shape[1], turned.shape
    both = others.size > 0
    step = LANES if both else 2 * LANES
    for first in range(0, width, step):
        for group in range(groups):
            source = (group * held + first) * LANES
            start = group * 2 * LANES * LANES
            turn(turned, source, LANES, pairs, start, 2 * LANES)
            if both:
                turn(others, source, LANES, pairs, start + LANES, 2 * LANES)
            else:
                turn(turned, source + LANES * LANES, LANES, pairs, start + LANES, 2 * LANES)
        from_pairs(pairs, both, down, columns)
        transform_back(columns, plan)
        target, at = out, first
        if first + step > width:
            copy_edge(out, first, edge, False)
            target, at = edge, 0
        for y in range(out.shape[0]):
            i, j = place_of(y, n) * 2 * LANES, y * target.shape[1] + at
            if both:
                sign = np.float32(1.0 if y % 2 == 0 else -1.0)
                add_light_of_two(columns, i, sign, target, j)
            else:
                add_light(columns, i, target, j)
                add_light(columns, i + LANES, target, j + LANES)
        if first + step > width:
            copy_edge(out, first, edge, True)


@subroutine
def store_gains(tile, block, n, first, out):
    """Store sixteen frequencies' gains, rows of a tile from ``first`` on, among the pairs of out (pairs, 2, 16)."""
    for lane in range(LANES):
        frequency = block * LANES + lane
        if 2 * frequency <= n:
            move(tile, first + lane * LANES, out, frequency * 2 * LANES)
        if n <= 2 * frequency and frequency <= n:
            move(tile, first + lane * LANES, out, (n - frequency) * 2 * LANES + LANES)


@kernel
def gains_of(packed, slots, places, plan, n, columns, tiles, even, odd):
    """Make a kernel's gains (c, groups, pairs, 2, 16) from the spectra of the rows of its lower half (c, R + 1, pitch).

    The spectra have real and imaginary parts in turn, for n + 1 frequencies and room for whole blocks of thirty-two.
    Down the columns, ``slots`` (16·groups,) are the frequencies of the pairs, ``places`` where those of the kernel's
    transform stand, which is twice as long as the picture's and has that ``plan``. Scratch: ``columns`` (2·n, 2, 16)
    for the picture's n, ``tiles`` (8, 16, 16).

    Rows opposite each other have conjugate spectra. So real plus imaginary part, as a column of numbers, has the even
    part of the gains as the real part of its transform, and the odd part as the imaginary one.
    """
    size = places.size
    tiles, turned = tiles[:4], tiles[4:]
    channels, count, pitch = packed.shape
    for channel in range(channels):
        for block in range(0, n // LANES + 1, 2):
            for i in range(size):
                for lane in range(LANES):
                    columns[i, 0, lane] = columns[i, 1, lane] = np.float32(0.0)
            for row in range(count):
                opposite = (size - row) % size
                for part in range(2):
                    source = (channel * count + row) * pitch + (block + part) * 2 * LANES
                    lanes = part * LANES
                    fold(packed, source, columns, row * 2 * LANES + lanes, opposite * 2 * LANES + lanes)
            transform(columns, plan)
            for group in range(even.shape[1]):
                for lane in range(LANES):
                    slot = slots[group * LANES + lane]
                    here, mirrored = places[slot], places[(size - slot) % size]
                    unfold(columns, here * 2 * LANES, mirrored * 2 * LANES, tiles, lane * LANES)
                for number in range(4):
                    if number % 2 == 0 or odd.size > 0:
                        turn(tiles, number * LANES * LANES, LANES, turned, number * LANES * LANES, LANES)
                for part in range(2):
                    store_gains(turned, block + part, n, part * 2 * LANES * LANES, even[channel, group])
                    if odd.size > 0:
                        store_gains(turned, block + part, n, (part * 2 + 1) * LANES * LANES, odd[channel, group])
