"""Functions that users name as ``module:function`` or ``file.py:function``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any


def is_entry_point(spec: str) -> bool:
    """Return whether a text has the form of an entry point, and is no file."""
    module, colon, function = spec.rpartition(":")
    return bool(module and colon) and function.isidentifier() and not Path(spec).exists()


@lru_cache(maxsize=64)
def entry_point(spec: str) -> Callable[..., Any]:
    """Import a function.

    Parameters
    ----------
    spec : str
        ``module:function``, the module being installed or in the working directory; or ``path/to/file.py:function``.

    Raises
    ------
    ValueError
        If there is no such module or function, or importing it fails: naming what went wrong.
    """
    module_name, _, function = spec.rpartition(":")
    try:
        module = _from_file(Path(module_name)) if module_name.endswith(".py") else _by_name(module_name)
    except Exception as error:  # whatever the user's module does when it is run
        raise ValueError(f"{spec}: cannot import {module_name}: {type(error).__name__}: {error}") from error
    found = getattr(module, function, None)
    if not callable(found):
        there = ", ".join(name for name in vars(module) if not name.startswith("_"))[:200]
        raise ValueError(f"{spec}: {module_name} has no function {function}; it has {there or 'nothing'}")
    return found


def _by_name(name: str) -> Any:
    here = str(Path.cwd())
    if here in sys.path or "" in sys.path:
        return importlib.import_module(name)
    sys.path.insert(0, here)  # as `python -m` has it
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)


def _from_file(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    name = f"_lightnoise_entry_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes of the module can be pickled by its name
    spec.loader.exec_module(module)
    return module
