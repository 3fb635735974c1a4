"""Table look-ups by permutation of bytes within 512-bit registers, dozens at once, where the processor has them.

Elsewhere the same functions look up sample by sample; the numbers are the same. The instructions (AVX-512 VBMI: Intel
since Ice Lake, AMD since Zen 4) are no loops that a compiler would find, so they are written out for LLVM here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numpy.typing import NDArray

from lightnoise.kernels import registers
from lightnoise.kernels.jit import kernel, subroutine
from lightnoise.kernels.registers import I64, RegisterLoop, all_of, intrinsic, permute
from lightnoise.kernels.words import mean_of_three

#: Codes and words in a register.
BYTES, WORDS = 64, 32

_BYTES, _WORDS = ir.VectorType(ir.IntType(8), BYTES), ir.VectorType(ir.IntType(16), WORDS)

# The words of 64 codes are unpacked in two registers: of each 16 bytes the lower half in the first, the upper one in
# the second, since that takes a fraction of what a shuffle across the register does. Below are two registers' orders.

#: Bytes that make unpacked words, the lower bytes of all in one register and the upper ones in another.
UNPACKED = [[16 * (i // 16) + 8 * half + i % 16 // 2 + BYTES * (i % 2) for i in range(BYTES)] for half in (0, 1)]

#: Unpacked words' lower bytes in the order of their codes, and the upper ones.
PACKED_LOW = [16 * (i // 16) + 2 * (i % 8) + BYTES * (i % 16 // 8) for i in range(BYTES)]
PACKED_HIGH = [place + 1 for place in PACKED_LOW]

#: Words in order to unpacked ones, and back.
WORDS_UNPACKED = [[8 * (2 * (i // 8) + half) + i % 8 for i in range(WORDS)] for half in (0, 1)]
WORDS_IN_ORDER = [[8 * (i // 16) + i % 8 + WORDS * (i // 8 % 2) + 16 * half for i in range(WORDS)] for half in (0, 1)]

#: Samples after which the ratios of one or three channels meet the same places of a register again.
PERIOD = 3 * BYTES

#: Bytes ahead of a loop that memory is asked for: half a row of the usual frame.
AHEAD = I64(2048)

#: Words below this are dark: their shades have sixteen times as many knots.
DARK = 4096


def _has_permutes() -> bool:
    """Whether the processor that numba compiles for permutes bytes of 512-bit registers."""
    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return {"+avx512bw", "+avx512vbmi"} <= set(features.split(","))


HAS_PERMUTES = _has_permutes()


def repeated(ratios: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return the ratios of one or three channels as `shade_row` needs them, (2, 192): in order, and unpacked."""
    in_order = np.resize(ratios, PERIOD)
    return np.stack([in_order, in_order.reshape(3, BYTES)[:, np.ravel(WORDS_UNPACKED)].ravel()])


class _Tables:
    """Tables of words that stay in registers.

    Parameters
    ----------
    loop : RegisterLoop
    array : int
        The argument (512,) uint8 that has the lower bytes of all words, then the upper ones.
    """

    def __init__(self, loop: RegisterLoop, array: int) -> None:
        self.loop = loop
        self.registers = [loop.load(loop.place(array, I64(0)), _BYTES, k) for k in range(8)]

    def bytes_of(self, index: Any, first: int) -> Any:
        """Return bytes of 128, from the register ``first`` on, by index."""
        return permute(self.loop.builder, self.registers[first], index, self.registers[first + 1])

    def words_of_codes(self, codes: Any) -> list[Any]:
        """Return the words of 64 codes, unpacked."""
        builder = self.loop.builder
        upper = builder.icmp_signed("<", codes, all_of(_BYTES, 0))
        low, high = (builder.select(upper, self.bytes_of(codes, k + 2), self.bytes_of(codes, k)) for k in (0, 4))
        return [builder.bitcast(self.loop.shuffle(low, high, order), _WORDS) for order in UNPACKED]

    def shades_of_words(self, words: list[Any]) -> Any:
        """Return the shades of unpacked words, see `shade_of_word`."""
        builder, loop = self.loop.builder, self.loop
        scaled, places = [], []
        for word in words:
            dark = builder.icmp_unsigned("<", word, all_of(_WORDS, DARK))
            scaled.append(builder.select(dark, builder.shl(word, all_of(_WORDS, 4)), word))
            place = builder.lshr(scaled[-1], all_of(_WORDS, 10))
            place = builder.select(dark, place, builder.or_(place, all_of(_WORDS, 64)))
            places.append(builder.bitcast(place, _BYTES))
        place = loop.shuffle(places[0], places[1], PACKED_LOW)
        parts = [(self.bytes_of(place, low), self.bytes_of(place, low + 4)) for low in (0, 2)]
        shades = []
        for word, order in zip(scaled, UNPACKED, strict=True):
            base, slope = (builder.bitcast(loop.shuffle(low, high, order), _WORDS) for low, high in parts)
            rise = _upper_product(builder, builder.shl(word, all_of(_WORDS, 6)), slope)
            shades.append(builder.bitcast(builder.add(base, rise), _BYTES))
        return loop.shuffle(shades[0], shades[1], PACKED_HIGH)


def _upper_product(builder: Any, a: Any, b: Any) -> Any:
    """Return the upper halves of words' products."""
    wide = ir.VectorType(ir.IntType(32), WORDS)
    product = builder.mul(builder.zext(a, wide), builder.zext(b, wide))
    return builder.trunc(builder.lshr(product, all_of(wide, 16)), _WORDS)


def _call(builder: Any, name: str, a: Any, b: Any) -> Any:
    """Call an intrinsic of LLVM that makes a register of two."""
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(a.type, [a.type, b.type]), name)
    return builder.call(function, [a, b])


def _looking_up() -> Any:
    """Return what looks up the words of whole registers of codes."""

    @intrinsic
    def look_up(typing: Any, codes: Any, first: Any, planes: Any, out: Any, at: Any, count: Any) -> Any:
        """Store the words of `in_registers` codes from ``first`` on, at ``at`` on, and return the largest code."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            if not HAS_PERMUTES:
                return ir.Constant(ir.IntType(8), 0)
            loop = RegisterLoop(context, builder, signature, arguments)
            source, target = loop.place(0, arguments[1]), loop.place(3, arguments[4])
            tables = _Tables(loop, 2)
            largest = cgutils.alloca_once_value(builder, all_of(_BYTES, 0))

            def body(index: Any) -> None:
                code = loop.load(builder.gep(source, [index]), _BYTES)
                loop.fetch(builder.gep(source, [builder.add(index, AHEAD)]))
                builder.store(_call(builder, "llvm.umax.v64i8", builder.load(largest), code), largest)
                words = tables.words_of_codes(code)
                for number, order in enumerate(WORDS_IN_ORDER):
                    loop.store(loop.shuffle(words[0], words[1], order), builder.gep(target, [index]), number)

            loop.run(arguments[5], BYTES, body)
            name = "llvm.vector.reduce.umax.v64i8"
            reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(8), [_BYTES]), name)
            return builder.call(reduce, [builder.load(largest)])

        return types.uint8(codes, types.int64, planes, out, types.int64, types.int64), generate

    return look_up


def _shading(scaled: bool) -> Any:
    """Return what shades whole registers of codes, with or without ratios."""

    @intrinsic
    def shade(
        typing: Any,
        codes: Any,
        first: Any,
        planes: Any,
        ratios: Any,
        rows: Any,
        about: Any,
        knots: Any,
        out: Any,
        count: Any,
    ) -> Any:
        """Do what `shade_row` does to `in_registers` codes, from ``first`` on."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            if not HAS_PERMUTES:
                return context.get_dummy_value()
            loop = RegisterLoop(context, builder, signature, arguments)
            source, target = loop.place(0, arguments[1]), loop.place(7, arguments[1])
            factors = loop.place(3, I64(PERIOD))
            added = [loop.place(4, builder.extract_value(arguments[5], k)) for k in range(3)]
            light, shades = _Tables(loop, 2), _Tables(loop, 6)

            def body(index: Any) -> None:
                words = light.words_of_codes(loop.load(builder.gep(source, [index]), _BYTES))
                loop.fetch(builder.gep(source, [builder.add(index, AHEAD)]))
                loop.fetch(builder.gep(target, [builder.add(index, AHEAD)]), write=True)
                rows = [[loop.load(builder.gep(row, [index]), _WORDS, k) for row in added] for k in (0, 1)]
                stray = [registers.mean_of_three(builder, *row) for row in rows]
                factor = builder.gep(factors, [builder.urem(index, I64(PERIOD))])
                for number, order in enumerate(WORDS_UNPACKED):
                    if scaled:
                        ratio = loop.load(factor, _WORDS, number)
                        words[number] = _upper_product(builder, words[number], ratio)
                    beside = loop.shuffle(stray[0], stray[1], order)
                    words[number] = _call(builder, "llvm.uadd.sat.v32i16", words[number], beside)
                loop.store(shades.shades_of_words(words), builder.gep(target, [index]))

            loop.run(arguments[8], BYTES, body)
            return context.get_dummy_value()

        places = types.UniTuple(types.int64, 3)
        return types.void(codes, types.int64, planes, ratios, rows, places, knots, out, types.int64), generate

    return shade


_look_up, _shade, _shade_scaled = _looking_up(), _shading(False), _shading(True)


@subroutine
def word_of_code(code, planes):
    """Return the word of a code: ``planes`` (512,) uint8 has every code's lower bytes, then the upper ones."""
    return np.uint16(np.uint16(planes[code]) | np.uint16(np.uint16(planes[np.uint32(256) + code]) << np.uint16(8)))


@subroutine
def shade_of_word(word, knots):
    """Return the shade of a word by straight lines: ``knots`` (512,) uint8, words as `word_of_code` reads them.

    Lines are 64 words long below `DARK`, then 1024. 64 dark ones' shades at their start come first, in 1/256 and with
    the half for rounding added, then the others', then in the same order what they rise by.
    """
    dark = word < np.uint16(DARK)
    scaled = np.uint16(word << np.uint16(4)) if dark else word
    place = np.uint32(np.uint32(scaled >> np.uint16(10)) | (np.uint32(0) if dark else np.uint32(64)))
    within = np.uint32(np.uint16(scaled << np.uint16(6)))
    rise = np.uint32(within * np.uint32(word_of_code(np.uint32(place + np.uint32(128)), knots))) >> np.uint32(16)
    return np.uint8(np.uint32(np.uint32(word_of_code(place, knots)) + rise) >> np.uint32(8))


@kernel
def fill_shades(knots, out):
    """Store the shade of every word, (65536,)."""
    for word in range(out.size):
        out[word] = shade_of_word(np.uint16(word), knots)


@subroutine
def shade_codes(codes, y, first, planes, ratios, rows, about, shades, out):
    """Do what `shade_row` does from the sample ``first`` on, one by one."""
    for j in range(np.uint64(first), np.uint64(codes.shape[1])):
        word = np.uint32(word_of_code(np.uint32(codes[y, j]), planes))
        if ratios.size > 0:
            word = np.uint32(word * np.uint32(ratios[0, j % np.uint64(PERIOD)])) >> np.uint32(16)
        stray = mean_of_three(rows[about[0], j], rows[about[1], j], rows[about[2], j])
        out[y, j] = shades[np.uint64(min(np.uint32(word + np.uint32(stray)), np.uint32(65535)))]


@subroutine
def look_up_from(codes, y, first, planes, out, k):
    """Do what `look_up_words` does from the sample ``first`` on, one by one."""
    for j in range(np.uint64(first), np.uint64(codes.shape[1])):
        out[k, j] = word_of_code(np.uint32(codes[y, j]), planes)
    largest = np.uint8(0)
    for j in range(np.uint64(first), np.uint64(codes.shape[1])):
        largest = max(largest, codes[y, j])
    return largest


@subroutine
def in_registers(count):
    """Return how many of that many codes go by whole registers; the others go one by one."""
    return count - count % BYTES if HAS_PERMUTES else 0


@subroutine
def look_up_words(codes, y, planes, out, k):
    """out[k] = the words of codes[y], see `word_of_code`, both (·, n) and contiguous; return the largest code."""
    n = codes.shape[1]
    whole = in_registers(n)
    largest = _look_up(codes, np.int64(y) * n, planes, out, np.int64(k) * n, whole)
    return max(largest, look_up_from(codes, y, whole, planes, out, k))


@subroutine
def shade_row(codes, y, planes, ratios, rows, about, knots, shades, out):
    """out[y] = the shades of words·ratios/65536 + stray, of the codes' words; no ratios are all one.

    Stray light is `lightnoise.kernels.words.mean_of_three` of the rows ``about`` of ``rows`` (·, n) uint16: of a
    row thrice, that row. ``ratios`` are from `repeated`, ``knots`` those of `shade_of_word`, ``shades`` every word's.
    """
    n = codes.shape[1]
    whole, first = in_registers(n), np.int64(y) * n
    starts = (np.int64(about[0]) * n, np.int64(about[1]) * n, np.int64(about[2]) * n)
    if ratios.size > 0:
        _shade_scaled(codes, first, planes, ratios, rows, starts, knots, out, whole)
    else:
        _shade(codes, first, planes, ratios, rows, starts, knots, out, whole)
    shade_codes(codes, y, whole, planes, ratios, rows, about, shades, out)
