"""What goes wrong at the edge, each error naming the file and the mend; the command line prints them in one line."""

from __future__ import annotations


class DataError(ValueError):
    """A data set, label or image is not as it should be."""


class CheckpointError(ValueError):
    """A checkpoint or weights file cannot be used."""


class ConfigError(ValueError):
    """A configuration has an unknown key or a value out of range."""


class TrainingError(RuntimeError):
    """Training cannot go on: a loss that is not finite, or no data left."""
