"""A way in from Python to the kernels' subroutines, which have none of their own."""

import numba


def entry(subroutine):
    """Return the function, compiled as it is for kernels and with what unpacks Python's arguments."""
    return numba.njit(nogil=True, error_model="numpy")(subroutine.py_func)
