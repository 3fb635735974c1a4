"""The benchmark of batches runs from end to end at a tiny size, and its naive chain is the chain."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import lightnoise as ln  # noqa: E402
from lightnoise.adapters.torch import chain  # noqa: E402


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2]))


def test_prints_and_saves_what_it_measured(tmp_path, capsys):
    from benchmarks import torch_batch

    saved = tmp_path / "out" / "batch.json", tmp_path / "out" / "batch.md"
    options = ["--device", "cpu", "--sizes", "2x36x64", "--seconds", "0.001", "--dtypes", "float32", "bfloat16"]
    torch_batch.main([*options, "--json", str(saved[0]), "--markdown", str(saved[1])])
    printed = capsys.readouterr().out
    assert printed.strip() == saved[1].read_text().strip()
    told = json.loads(saved[0].read_text())
    names = [cell["name"] for cell in told["cells"] if cell["dtype"] == "float32"]
    assert len(names) == len(set(names))
    assert {"copy", "bloom, for all", "chain: bloom + glare + gamma, for each"} <= set(names)
    assert all(cell["seconds"] > 0.0 and cell["shape"] == [2, 36, 64] for cell in told["cells"])
    assert told["bandwidths"]["cpu"] > 1e8


def test_the_naive_chain_is_the_chain():
    """Away from the borders, where it loses what leaves the frame, and from lamps, which it does not recover."""
    from benchmarks import torch_batch

    images = torch.full((1, 3, 90, 160), 0.1)
    images[:, :, 40:50, 70:90] = 0.7
    naive = torch_batch.naive_chain(images)()
    fast = chain(images, torch_batch.CHAINS[torch_batch.WHOLE], camera=ln.Camera(highlight_gain=1.0))
    inner = np.s_[:, :, 30:60, 50:110]
    torch.testing.assert_close(naive[inner], fast[inner], atol=3 / 255, rtol=0.0)
