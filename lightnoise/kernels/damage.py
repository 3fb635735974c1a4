"""Where a picture is destroyed."""

from __future__ import annotations

from lightnoise.kernels.jit import kernel, subroutine


@subroutine
def clipped(picture, y, x, white):
    """Return 1 if all channels of a pixel of (h, w, c) are ``white`` or more, −1 if all are 0 or less, else 0."""
    whites, blacks = 0, 0
    for c in range(picture.shape[2]):
        whites += picture[y, x, c] >= white
        blacks += picture[y, x, c] <= 0
    return (whites == picture.shape[2]) - (blacks == picture.shape[2])


@kernel
def mark_clipped(before, after, white, out):
    """Set out (h, w) to 1 where a pixel of pictures (h, w, c) became all white or all black."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            if not 0 < after[y, x, 0] < white:  # most pixels need no more
                now = clipped(after, y, x, white)
                if now != 0 and now != clipped(before, y, x, white):
                    out[y, x] = 1.0


@kernel
def sum_of_tables(codes, tables, out):
    """out (h, w) = Σ_c tables[c, codes[:, :, c]], codes (h, w, c) uint8."""
    for y in range(out.shape[0]):
        if codes.shape[2] == 3:
            for x in range(out.shape[1]):
                out[y, x] = tables[0, codes[y, x, 0]] + tables[1, codes[y, x, 1]] + tables[2, codes[y, x, 2]]
        else:
            for x in range(out.shape[1]):
                out[y, x] = tables[0, codes[y, x, 0]]
