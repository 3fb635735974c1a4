"""The package's version, for manifests: another version may draw other pictures."""

from __future__ import annotations

from lightnoise import __version__

VERSION = __version__
