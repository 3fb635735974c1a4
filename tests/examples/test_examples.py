"""Every example runs, here in one process for the sake of its imports."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else its import asks the network for news

FOLDER = Path(__file__).parents[2] / "examples"
HOSTS = {
    "albumentations_dataset": ("torch", "albumentations"),
    "torchvision_dataset": ("torchvision",),
    "torch_batch": ("torch",),
}


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(module, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", [module.__file__, *map(str, arguments)])
    module.main()


def test_every_script_is_tested():
    assert {path.stem for path in FOLDER.glob("*.py")} == {"gallery", *HOSTS}


@pytest.mark.parametrize("name", HOSTS)
def test_loaders(name, monkeypatch, capsys):
    for host in HOSTS[name]:
        pytest.importorskip(host)
    module = load(name)
    run(module, monkeypatch, "--workers", 0, "--epochs", 2)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 6  # ten scenes in batches of four, twice
    assert all("images (" in line for line in told)
    shown = {line.split(":")[0] for line in told}
    assert shown == {"epoch 0", "epoch 1"}


def test_gallery(tmp_path, monkeypatch, capsys):
    module = load("gallery")
    monkeypatch.setattr(module, "SIZE", (90, 160))
    run(module, monkeypatch, tmp_path / "new", "--width", 80)
    shapes = {file.stem: np.asarray(Image.open(file)).shape for file in (tmp_path / "new").iterdir()}
    assert shapes == {"effects": (4 * 45, 6 * 80, 3), "presets": (4 * 45, 4 * 80, 3), "damage": (45, 3 * 80, 3)}
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_the_pictures_of_the_readme_are_what_the_gallery_makes(tmp_path):
    Image.fromarray(load("gallery").damage(320)).save(tmp_path / "damage.jpg", quality=90)
    shown, made = (
        np.asarray(Image.open(folder / "damage.jpg"), np.float64) for folder in (FOLDER / "pictures", tmp_path)
    )
    assert np.abs(shown - made).mean() < 0.5
