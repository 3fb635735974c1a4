import os
from pathlib import Path

import pytest

import lightnoise


@pytest.fixture(autouse=True)
def _importable_in_subprocesses(monkeypatch):
    """Let real subprocesses import the package under test, installed or not."""
    root = str(Path(lightnoise.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")])))
