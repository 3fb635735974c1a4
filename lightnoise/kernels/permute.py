"""Table look-ups by permutation of bytes within 512-bit registers, dozens at once, where the processor has them.

Elsewhere the same functions look up sample by sample; the numbers are the same. The instructions (AVX-512 VBMI: Intel
since Ice Lake, AMD since Zen 4) are no loops that a compiler would find, so they are written out for LLVM here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from lightnoise.kernels.jit import kernel

#: Codes and words in a register.
BYTES, WORDS = 64, 32

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_BYTES, _WORDS = ir.VectorType(_I8, BYTES), ir.VectorType(_I16, WORDS)


def _has_permutes() -> bool:
    """Whether the processor that numba compiles for permutes bytes of 512-bit registers."""
    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return {"+avx512bw", "+avx512vbmi"} <= set(features.split(","))


HAS_PERMUTES = _has_permutes()


class _Loop:
    """What the loops below have in common: builds code that loads, permutes and stores registers."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments

    def place(self, array: int, index: Any) -> Any:
        """Return the address of an item of an argument, counted through all rows."""
        made = self.context.make_array(self.signature.args[array])
        data = made(self.context, self.builder, self.arguments[array]).data
        return self.builder.gep(data, [index])

    def load(self, address: Any, kind: Any, number: int = 0) -> Any:
        """Load the register that many registers past an address."""
        at = self.builder.gep(self.builder.bitcast(address, kind.as_pointer()), [_I64(number)])
        value = self.builder.load(at)
        value.align = 1
        return value

    def store(self, value: Any, address: Any, number: int = 0) -> None:
        """Store a register that many registers past an address."""
        at = self.builder.gep(self.builder.bitcast(address, value.type.as_pointer()), [_I64(number)])
        self.builder.store(value, at).align = 1

    def permute(self, low: Any, index: Any, high: Any) -> Any:
        """Look up every index, less its unused bits, in two registers side by side."""
        suffix = "qi" if index.type == _BYTES else "hi"
        kind = ir.FunctionType(index.type, [index.type] * 3)
        name = f"llvm.x86.avx512.vpermi2var.{suffix}.512"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, kind, name), [low, index, high])

    def interleave(self, even: Any, odd: Any, first: int) -> Any:
        """Return half of two registers' bytes in turn, from their byte ``first`` on."""
        order = [first + i // 2 + BYTES * (i % 2) for i in range(BYTES)]
        return self.builder.shuffle_vector(even, odd, ir.Constant(ir.VectorType(_I32, BYTES), order))

    def run(self, count: Any, step: int, body: Callable[[Any], None]) -> None:
        """Repeat for 0, step, … below count."""
        with cgutils.for_range_slice(self.builder, _I64(0), count, _I64(step), inc=True) as (index, _):
            body(index)


def _all(kind: Any, value: int) -> Any:
    return ir.Constant(kind, [value] * kind.count)


@intrinsic
def _words_of_codes(typing: Any, codes: Any, first: Any, planes: Any, out: Any, at: Any, count: Any) -> Any:
    """out[at + j] = planes[codes[first + j]] + 256·planes[256 + …] for a count of whole registers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = _Loop(context, builder, signature, arguments)
        source, target = loop.place(0, arguments[1]), loop.place(3, arguments[4])
        table = [loop.load(loop.place(2, _I64(0)), _BYTES, k) for k in range(8)]

        def body(index: Any) -> None:
            code = loop.load(builder.gep(source, [index]), _BYTES)
            upper = builder.icmp_signed("<", code, _all(_BYTES, 0))
            low, high = (
                builder.select(upper, loop.permute(d, code, e), loop.permute(b, code, c))
                for b, c, d, e in (table[:4], table[4:])
            )
            address = builder.gep(target, [index])
            loop.store(loop.interleave(low, high, 0), address)
            loop.store(loop.interleave(low, high, BYTES // 2), address, 1)

        loop.run(arguments[5], BYTES, body)
        return context.get_dummy_value()

    return types.void(codes, types.int64, planes, out, types.int64, types.int64), generate


@intrinsic
def _shades_of_words(typing: Any, words: Any, knots: Any, out: Any, at: Any, count: Any) -> Any:
    """out[at + j] = the shade of words[j], see `shade_of_word`, for a count of whole registers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop = _Loop(context, builder, signature, arguments)
        source, target = loop.place(0, _I64(0)), loop.place(2, arguments[3])
        table = [loop.load(loop.place(1, _I64(0)), _WORDS, k) for k in range(8)]
        wide = ir.VectorType(_I32, WORDS)

        def body(index: Any) -> None:
            word = loop.load(builder.gep(source, [index]), _WORDS)
            dark = builder.icmp_unsigned("<", word, _all(_WORDS, DARK))
            word = builder.select(dark, builder.shl(word, _all(_WORDS, 4)), word)
            place = builder.lshr(word, _all(_WORDS, 10))
            base, slope = (
                builder.select(dark, loop.permute(b, place, c), loop.permute(d, place, e))
                for b, c, d, e in (table[:4], table[4:])
            )
            within = builder.shl(word, _all(_WORDS, 6))
            product = builder.mul(builder.zext(within, wide), builder.zext(slope, wide))
            rise = builder.trunc(builder.lshr(product, _all(wide, 16)), _WORDS)
            shade = builder.lshr(builder.add(base, rise), _all(_WORDS, 8))
            loop.store(builder.trunc(shade, ir.VectorType(_I8, WORDS)), builder.gep(target, [index]))

        loop.run(arguments[4], WORDS, body)
        return context.get_dummy_value()

    return types.void(words, knots, out, types.int64, types.int64), generate


#: Words below this are dark: their shades have sixteen times as many knots.
DARK = 4096


@kernel
def word_of_code(code, planes):
    """Return the word of a code: ``planes`` (512,) uint8 has every code's lower bytes, then the upper ones."""
    return np.uint16(np.uint16(planes[code]) | np.uint16(np.uint16(planes[np.uint32(256) + code]) << np.uint16(8)))


@kernel
def shade_of_word(word, knots):
    """Return the shade of a word by straight lines: ``knots`` (256,) uint16.

    Lines are 64 words long below `DARK`, then 1024. 64 dark ones' shades at their start come first, in 1/256 and with
    the half for rounding added, then the others', then in the same order what they rise by.
    """
    dark = word < np.uint16(DARK)
    scaled = np.uint16(word << np.uint16(4)) if dark else word
    place = np.uint32(np.uint32(scaled >> np.uint16(10)) + (np.uint32(0) if dark else np.uint32(64)))
    within = np.uint32(np.uint16(scaled << np.uint16(6)))
    rise = np.uint32(within * np.uint32(knots[np.uint32(place + np.uint32(128))])) >> np.uint32(16)
    return np.uint8(np.uint32(np.uint32(knots[place]) + rise) >> np.uint32(8))


@kernel
def fill_shades(knots, out):
    """Store the shade of every word, (65536,)."""
    for word in range(out.size):
        out[word] = shade_of_word(np.uint16(word), knots)


if HAS_PERMUTES:

    @kernel
    def look_up_words(codes, y, planes, out, k):
        """out[k] = the words of codes[y], see `word_of_code`; both (·, n) and contiguous."""
        n = codes.shape[1]
        whole = n - n % BYTES
        _words_of_codes(codes, np.int64(y) * n, planes, out, np.int64(k) * n, whole)
        for j in range(whole, n):
            out[k, j] = word_of_code(np.uint32(codes[y, j]), planes)

    @kernel
    def look_up_shades(words, shades, out, y):
        """out[y] = the shades of words (n,): ``shades`` are their knots, see `shade_of_word`, and of every word."""
        n = words.size
        whole = n - n % WORDS
        _shades_of_words(words, shades[0], out, np.int64(y) * n, whole)
        for j in range(whole, n):
            out[y, j] = shades[1][words[j]]

else:

    @kernel
    def look_up_words(codes, y, planes, out, k):
        """out[k] = the words of codes[y], see `word_of_code`; both (·, n) and contiguous."""
        for j in range(codes.shape[1]):
            out[k, j] = word_of_code(np.uint32(codes[y, j]), planes)

    @kernel
    def look_up_shades(words, shades, out, y):
        """out[y] = the shades of words (n,): ``shades`` are their knots, see `shade_of_word`, and of every word."""
        for j in range(words.size):
            out[y, j] = shades[1][words[j]]
