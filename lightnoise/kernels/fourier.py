"""Discrete Fourier transforms down the columns of complex numbers, sixteen columns at once.

Sixteen neighbours make one register, so that a transform is plain arithmetic on registers with nothing to shuffle. The
transform divides by frequency (decimation in frequency): it works in place, and its frequencies come out in the order
of `lightnoise.optics.fourier.Plan`; the inverse takes them in that order and has nothing to sort either.

References
----------
J. W. Cooley, J. W. Tukey, "An algorithm for the machine calculation of complex Fourier series", Mathematics of
Computation 19(90), 1965; W. M. Gentleman, G. Sande, "Fast Fourier transforms: for fun and profit", AFIPS 1966.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from lightnoise.kernels.jit import subroutine
from lightnoise.kernels.radices import LANES, RADICES
from lightnoise.kernels.registers import I64, RegisterLoop, all_of, intrinsic

FLOATS = ir.VectorType(ir.FloatType(), LANES)

#: Real and imaginary parts of sixteen numbers.
Numbers = tuple[Any, Any]


class Arithmetic:
    """Builds arithmetic on registers of complex numbers."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def plus(self, a: Numbers, b: Numbers) -> Numbers:
        """Return a + b."""
        return self.builder.fadd(a[0], b[0]), self.builder.fadd(a[1], b[1])

    def minus(self, a: Numbers, b: Numbers) -> Numbers:
        """Return a − b."""
        return self.builder.fsub(a[0], b[0]), self.builder.fsub(a[1], b[1])

    def times(self, a: Numbers, b: Numbers, conjugate: bool = False) -> Numbers:
        """Return a·b, or a·b*."""
        build = self.builder
        one, other = (build.fadd, build.fsub) if conjugate else (build.fsub, build.fadd)
        real = one(build.fmul(a[0], b[0]), build.fmul(a[1], b[1]))
        return real, other(build.fmul(a[1], b[0]), build.fmul(a[0], b[1]))

    def turned(self, a: Numbers, eighths: int) -> Numbers:
        """Return a·e^{2πi·eighths/8}."""
        build, quarters = self.builder, eighths % 8 // 2
        if eighths % 2:
            half = _constant(math.sqrt(0.5))
            a = build.fmul(build.fsub(a[0], a[1]), half), build.fmul(build.fadd(a[0], a[1]), half)
        return [a, (build.fneg(a[1]), a[0]), (build.fneg(a[0]), build.fneg(a[1])), (a[1], build.fneg(a[0]))][quarters]

    def rotated(self, a: Numbers, part: int, whole: int) -> Numbers:
        """Return a·e^{2πi·part/whole}."""
        if 8 * part % whole == 0:
            return self.turned(a, 8 * part // whole)
        angle = 2.0 * math.pi * part / whole
        return self.times(a, (_constant(math.cos(angle)), _constant(math.sin(angle))))

    def transform(self, numbers: list[Numbers], sign: int) -> list[Numbers]:
        """Return Σ_j numbers[j]·e^{2πi·sign·jk/n} for k = 0, …, n − 1."""
        count = len(numbers)
        if count == 1:
            return numbers
        if count == 2:
            return [self.plus(*numbers), self.minus(*numbers)]
        if count % 2:
            return self._transform_odd(numbers, sign)
        even, odd = (self.transform(numbers[first::2], sign) for first in (0, 1))
        odd = [self.rotated(number, sign * k, count) for k, number in enumerate(odd)]
        pairs = list(zip(even, odd, strict=True))
        return [self.plus(*pair) for pair in pairs] + [self.minus(*pair) for pair in pairs]

    def _transform_odd(self, numbers: list[Numbers], sign: int) -> list[Numbers]:
        """Do what `transform` does for a small odd count: cosines of sums, sines of differences."""
        build, count = self.builder, len(numbers)
        half = range(1, (count + 1) // 2)
        sums = [self.plus(numbers[k], numbers[-k]) for k in half]
        differences = [self.minus(numbers[k], numbers[-k]) for k in half]
        result = [numbers[0]] * count
        for addend in sums:
            result[0] = self.plus(result[0], addend)
        for k in half:
            middle, aside = numbers[0], None
            for j, (addend, difference) in enumerate(zip(sums, differences, strict=True), 1):
                angle = 2.0 * math.pi * k * j / count
                cosine, sine = _constant(math.cos(angle)), _constant(sign * math.sin(angle))
                middle = self.plus(middle, (build.fmul(addend[0], cosine), build.fmul(addend[1], cosine)))
                part = build.fmul(difference[0], sine), build.fmul(difference[1], sine)
                aside = part if aside is None else self.plus(aside, part)
            assert aside is not None
            turned = build.fneg(aside[1]), aside[0]
            result[k], result[count - k] = self.plus(middle, turned), self.minus(middle, turned)
        return result


def _constant(value: float) -> Any:
    return all_of(FLOATS, float(np.float32(value)))


def _staging(sign: int) -> Any:
    """Return what does one stage of transforms (sign −1) or of their inverses (1)."""

    @intrinsic
    def stage(typing: Any, columns: Any, radix: Any, length: Any, twiddles: Any, first: Any) -> Any:
        """Transform any ``radix`` rows length/radix apart in each run of ``length``; twiddles from ``first`` on."""

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            loop = RegisterLoop(context, builder, signature, arguments)
            made = context.make_array(signature.args[0])(context, builder, arguments[0])
            count = builder.extract_value(made.shape, 0)
            for one in RADICES:
                with builder.if_then(builder.icmp_signed("==", arguments[1], I64(one))):
                    _butterflies(loop, one, sign, count)
            return context.get_dummy_value()

        return types.void(columns, types.int64, types.int64, twiddles, types.int64), generate

    return stage


def _butterflies(loop: RegisterLoop, radix: int, sign: int, count: Any) -> None:
    """Build one stage of one radix; the arguments are those of `_staging`."""
    builder, numbers, length = loop.builder, Arithmetic(loop.builder), loop.arguments[2]
    apart = builder.sdiv(length, I64(radix))
    with cgutils.for_range_slice(builder, I64(0), count, length, inc=True) as (run, _):  # noqa: SIM117
        with cgutils.for_range_slice(builder, I64(0), apart, I64(1), inc=True) as (k, _):
            row = builder.add(run, k)
            places = [loop.place(0, builder.mul(row, I64(2 * LANES)))]
            step = builder.mul(apart, I64(2 * LANES))
            for _ in range(radix - 1):
                places.append(builder.gep(places[-1], [step]))
            values = [(loop.load(place, FLOATS), loop.load(place, FLOATS, 1)) for place in places]
            factors = loop.place(3, builder.add(loop.arguments[4], builder.mul(k, I64(2 * (radix - 1)))))
            if sign < 0:
                values = numbers.transform(values, sign)
            for j in range(1, radix):
                twiddle = loop.spread(factors, FLOATS, 2 * j - 2), loop.spread(factors, FLOATS, 2 * j - 1)
                values[j] = numbers.times(values[j], twiddle, conjugate=sign > 0)
            if sign > 0:
                values = numbers.transform(values, sign)
            for place, (real, imaginary) in zip(places, values, strict=True):
                loop.store(real, place)
                loop.store(imaginary, place, 1)


_stage, _stage_back = _staging(-1), _staging(1)


@subroutine
def transform(columns, plan):
    """Transform columns (n, 2, 16) of real and imaginary parts, in place.

    ``plan`` is from `lightnoise.optics.fourier.Plan`: the stages' radices, the lengths of their runs, where their
    twiddles start, and all twiddles.
    """
    radices, lengths, starts, twiddles = plan
    for k in range(radices.size):
        _stage(columns, radices[k], lengths[k], twiddles, starts[k])


@subroutine
def transform_back(columns, plan):
    """Undo `transform`, but for a factor of n."""
    radices, lengths, starts, twiddles = plan
    for k in range(radices.size - 1, -1, -1):
        _stage_back(columns, radices[k], lengths[k], twiddles, starts[k])
