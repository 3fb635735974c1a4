"""Frozen values that go to JSON and come back: the common base of cameras and params."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from lightnoise import checks

R = TypeVar("R", bound="Record")


class Record:
    """Base of the frozen dataclasses that describe one draw or one camera."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain numbers, strings and None, ready for JSON."""
        return {name: getattr(self, name) for name in self.field_names()}

    @classmethod
    def from_dict(cls: type[R], values: dict[str, Any]) -> R:
        """Build the record again from `to_dict`'s answer.

        Raises
        ------
        ValueError
            If a key is unknown or a value is out of range.
        """
        checks.keys(cls.__name__, values, cls.field_names())
        return cls(**values)

    @classmethod
    def field_names(cls) -> list[str]:
        """Return the names of the fields, in order."""
        return [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]

    def _set(self, **checked: Any) -> None:
        """Store checked values in a frozen instance; for ``__post_init__`` alone."""
        for name, value in checked.items():
            object.__setattr__(self, name, value)
