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
    weigh_both,
)
from lightnoise.kernels.fourier import transform, transform_back
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.radices import LANES


@subroutine
def place_of(i, n):
    """Return where row i of n is transformed: even ones first, then the odd ones backwards."""
    return i // 2 if i % 2 == 0 else n - 1 - i // 2


@subroutine
def edge_of(light, first, edge):
    """Copy what is left of each row from ``first`` on, which is less than a block, to edge (h, 32)."""
    for i in range(edge.shape[0]):
        for j in range(light.shape[1] - first):
            edge[i, j] = light[i, first + j]


@kernel
def columns_to_cosines(light, down, turned):
    """Transform the columns of light (h, w·c) to turned (groups, places, 16): sixteen of the pairs' rows a group."""
    rows, _, _, plan = down
    groups, held, _ = turned.shape
    width = light.shape[1]
    columns = np.empty((rows.size, 2, LANES), np.float32)
    pairs = np.zeros((groups * LANES, 2, LANES), np.float32)
    for first in range(0, width, 2 * LANES):
        source, at = light, first
        if first + 2 * LANES > width:
            source, at = np.zeros((light.shape[0], 2 * LANES), np.float32), 0
            edge_of(light, first, source)
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
def weigh_rows(turned, width, along, even, odd, others):
    """Transform rows, multiply by gains (c, groups, pairs, 2, 16) and transform back.

    turned (groups, places, 16) from `columns_to_cosines`, its groups even in number, gets what stays cosines down the
    columns. Without odd gains (size 0) this is all; with them, others, as large, gets what becomes sines.
    """
    cells, places, _, plan = along
    n, count = cells.size, places.shape[1]
    channels, groups = even.shape[0], even.shape[1]
    held = turned.shape[1]
    columns, second = np.empty((n, 2, LANES), np.float32), np.empty((n, 2, LANES), np.float32)
    for channel in range(channels):
        for group in range(0, groups, 2):
            start = (group * held + channel) * LANES
            for i in range(n):
                at = start + cells[i] * channels * LANES
                move(turned, at, columns, i * 2 * LANES)
                move(turned, at + held * LANES, columns, i * 2 * LANES + LANES)
            transform(columns, plan)
            gains = (channel * groups + group) * count * 2 * LANES
            following = gains + count * 2 * LANES
            if odd.size == 0:
                weigh(columns, along, even, gains, following)
                transform_back(columns, plan)
                for x in range(width):
                    at, i = start + x * channels * LANES, place_of(x, n) * 2 * LANES
                    move(columns, i, turned, at)
                    move(columns, i + LANES, turned, at + held * LANES)
                continue
            weigh_both(columns, along, even, odd, gains, following, second)
            for part in range(2):
                both = columns if part == 0 else second
                transform_back(both, plan)
                for x in range(width):
                    at, i = start + (x * channels + part * held) * LANES, place_of(x, n) * 2 * LANES
                    move(both, i, turned, at)
                    if x % 2 == 0:
                        move(both, i + LANES, others, at)
                    else:
                        move_negated(both, i + LANES, others, at)


@kernel
def columns_from_cosines(turned, others, down, out):
    """Transform columns back, and add them, at least 0, to out (h, w·c).

    turned and others are from `weigh_rows`.
    """
    rows, _, _, plan = down
    n, width, (groups, held, _) = rows.size, out.shape[1], turned.shape
    columns = np.empty((n, 2, LANES), np.float32)
    pairs = np.empty((groups * LANES, 2, LANES), np.float32)
    both = others.size > 0
    step = LANES if both else 2 * LANES
    for first in range(0, width, step):
        target, at = out, first
        if first + step > width:
            target, at = np.zeros((out.shape[0], 2 * LANES), np.float32), 0
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
        for y in range(out.shape[0]):
            i, j = place_of(y, n) * 2 * LANES, y * target.shape[1] + at
            if both:
                sign = np.float32(1.0 if y % 2 == 0 else -1.0)
                add_light_of_two(columns, i, sign, target, j)
            else:
                add_light(columns, i, target, j)
                add_light(columns, i + LANES, target, j + LANES)
        if first + step > width:
            for y in range(out.shape[0]):
                for j in range(width - first):
                    out[y, first + j] += target[y, j]


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
def gains_of(packed, slots, places, plan, n, even, odd):
    """Make a kernel's gains (groups, pairs, 2, 16) from the spectra of the rows of its lower half (R + 1, pitch).

    The spectra have real and imaginary parts in turn, for n + 1 frequencies and room for thirty-two. Down the columns,
    ``slots`` (16·groups,) are the frequencies of the pairs, ``places`` where those of the kernel's transform stand,
    which is twice as long as the picture's and has that ``plan``.

    Rows opposite each other have conjugate spectra. So real plus imaginary part, as a column of numbers, has the even
    part of the gains as the real part of its transform, and the odd part as the imaginary one.
    """
    size = places.size
    columns = np.empty((size, 2, LANES), np.float32)
    tiles, turned = np.empty((4, LANES, LANES), np.float32), np.empty((4, LANES, LANES), np.float32)
    for block in range(0, n // LANES + 1, 2):
        columns[:] = np.float32(0.0)
        for row in range(packed.shape[0]):
            opposite = (size - row) % size
            for part in range(2):
                source = row * packed.shape[1] + (block + part) * 2 * LANES
                lanes = part * LANES
                fold(packed, source, columns, row * 2 * LANES + lanes, opposite * 2 * LANES + lanes)
        transform(columns, plan)
        for group in range(even.shape[0]):
            for lane in range(LANES):
                slot = slots[group * LANES + lane]
                here, mirrored = places[slot], places[(size - slot) % size]
                unfold(columns, here * 2 * LANES, mirrored * 2 * LANES, tiles, lane * LANES)
            for number in range(4):
                if number % 2 == 0 or odd.size > 0:
                    turn(tiles, number * LANES * LANES, LANES, turned, number * LANES * LANES, LANES)
            for part in range(2):
                store_gains(turned, block + part, n, part * 2 * LANES * LANES, even[group])
                if odd.size > 0:
                    store_gains(turned, block + part, n, (part * 2 + 1) * LANES * LANES, odd[group])
