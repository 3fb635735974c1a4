"""Loops over registers of 64 bytes, built for LLVM where a compiler would not find the shuffles that they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import extending
from numba.core import cgutils

I64 = ir.IntType(64)

#: Bytes of a register; LLVM makes do with smaller ones.
SIZE = 64


def intrinsic(function: Callable[..., Any]) -> Any:
    """Return numba's intrinsic, of no type: kernels call it without the first parameter."""
    return extending.intrinsic(function)


class RegisterLoop:
    """Builds code that loads registers from arrays, shuffles and stores them. Arrays are contiguous.

    Parameters
    ----------
    context, builder, signature, arguments
        What numba gives to the code generator of an intrinsic.
    """

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.context, self.builder, self.signature, self.arguments = context, builder, signature, arguments

    def place(self, array: int, index: Any) -> Any:
        """Return the address of an item of an argument, counted through all rows."""
        made = self.context.make_array(self.signature.args[array])
        data = made(self.context, self.builder, self.arguments[array]).data
        return self.builder.gep(data, [index])

    def load(self, address: Any, kind: Any, number: int = 0) -> Any:
        """Load the register that many registers past an address."""
        at = self.builder.gep(self.builder.bitcast(address, kind.as_pointer()), [I64(number)])
        value = self.builder.load(at)
        value.align = 1
        return value

    def store(self, value: Any, address: Any, number: int = 0) -> None:
        """Store a register that many registers past an address."""
        at = self.builder.gep(self.builder.bitcast(address, value.type.as_pointer()), [I64(number)])
        self.builder.store(value, at).align = 1

    def fetch(self, address: Any, write: bool = False) -> Any:
        """Ask for the memory at an address, which will be read soon, or written."""
        kind = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(ir.VoidType(), [kind, number, number, number]), "llvm.prefetch.p0i8"
        )
        self.builder.call(function, [self.builder.bitcast(address, kind), number(int(write)), number(3), number(1)])

    def spread(self, address: Any, kind: Any, number: int = 0) -> Any:
        """Load the item that many items past an address into all places of a register."""
        return self.all_as(self.builder.load(self.builder.gep(address, [I64(number)])), kind)

    def all_as(self, item: Any, kind: Any) -> Any:
        """Return a register that has an item in all places."""
        alone = self.builder.insert_element(ir.Constant(kind, ir.Undefined), item, ir.Constant(ir.IntType(32), 0))
        return self.shuffle(alone, alone, [0] * kind.count)

    def shuffle(self, first: Any, second: Any, order: Sequence[int]) -> Any:
        """Return items of two registers, counted on from the first to the second, in an order."""
        indices = ir.Constant(ir.VectorType(ir.IntType(32), len(order)), list(order))
        return self.builder.shuffle_vector(first, second, indices)

    def run(self, count: Any, step: int, body: Callable[[Any], None]) -> None:
        """Repeat for 0, step, … below count."""
        with cgutils.for_range_slice(self.builder, I64(0), count, I64(step), inc=True) as (index, _):
            body(index)


def all_of(kind: Any, value: float) -> Any:
    """Return a register that has the same value in all places."""
    return ir.Constant(kind, [value] * kind.count)


def mean(builder: Any, a: Any, b: Any) -> Any:
    """Return (a + b)/2 of registers of unsigned integers, rounded up; in this form LLVM knows it."""
    half = builder.lshr(builder.xor(a, b), all_of(a.type, 1))
    return builder.sub(builder.or_(a, b), half)


def mean_of_three(builder: Any, far: Any, here: Any, near: Any) -> Any:
    """Return `lightnoise.kernels.words.mean_of_three` of registers."""
    around = mean(builder, mean(builder, far, near), here)
    return mean(builder, mean(builder, around, near), here)


def permute(builder: Any, low: Any, index: Any, high: Any) -> Any:
    """Look up every index, less its unused bits, in two registers side by side: bytes in 128, words in 64.

    Only on processors with AVX-512 VBMI.
    """
    suffix = {8: "qi", 16: "hi"}[index.type.element.width]
    kind = ir.FunctionType(index.type, [index.type] * 3)
    name = f"llvm.x86.avx512.vpermi2var.{suffix}.512"
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [low, index, high])
