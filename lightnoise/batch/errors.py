"""The one error of a batch run that its user can mend before any work is done."""

from __future__ import annotations


class BatchError(ValueError):
    """A run that cannot start as asked; the message is one line and says the mend."""
