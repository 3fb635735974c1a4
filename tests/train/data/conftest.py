import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.lanes.labels import LaneLabel

SHARED = Path(__file__).parents[4] / "shared" / "data"


def _picture(seed, height=72, width=128):
    """A small picture with two lamps, so that every effect has something to do."""
    random = np.random.default_rng(seed)
    image = cv2.GaussianBlur(random.integers(0, 140, (height, width, 3), np.uint8), (0, 0), 2)
    for x, y in random.integers((5, 5), (width - 5, height - 5), (2, 2)):
        cv2.circle(image, (int(x), int(y)), 2, (255, 255, 255), -1)
    return image


def line(raw_file, lanes=((-2, 640, 600),), h_samples=(160, 170, 180), **more):
    values = {"raw_file": raw_file, "lanes": [list(lane) for lane in lanes], "h_samples": list(h_samples)}
    return json.dumps({**values, **more})


class Tree:
    """A TuSimple tree in the making."""

    def __init__(self, root):
        self.root = root

    def add(self, file, raw_file, seed=0, folder="", **fields):
        """Add a frame and its label line."""
        path = self.root / folder / raw_file
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), _picture(seed))
        self.line(file, line(raw_file, **fields), folder)
        return path

    def line(self, file, text, folder=""):
        (self.root / folder).mkdir(parents=True, exist_ok=True)
        with open(self.root / folder / file, "a", encoding="utf-8") as labels:
            labels.write(text + "\n")


@pytest.fixture(name="picture")
def _drawing():
    return _picture


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path / "tusimple")


@pytest.fixture
def whole_tree(tree):
    """The official files, a few frames each; h_samples differ from drive to drive, as they do."""
    number = 0
    for file, date, count in (
        ("label_data_0313.json", "0313-1", 4),
        ("label_data_0313.json", "0313-2", 2),
        ("label_data_0531.json", "0531", 3),
        ("label_data_0601.json", "0601", 2),
        ("test_label.json", "0530", 2),
    ):
        rows = (240, 250) if "0313" in date else (160, 170, 180)
        for clip in range(count):
            tree.add(file, f"clips/{date}/{60 * clip}/20.jpg", number, h_samples=rows, lanes=[[600] * len(rows)])
            number += 1
    return tree


@pytest.fixture
def frames():
    """A labelled data set in memory."""
    label = LaneLabel("x", np.array([np.linspace(600, 100, 56)]), np.arange(160, 720, 10))
    made = [Frame(None, f"clips/a/{number}/20.jpg", label, {"seed": number}) for number in range(7)]
    return FrameSet(made, draw_frame)


def draw_frame(frame):
    return _picture(frame.attributes["seed"])


@pytest.fixture
def shared():
    """Real data beside the project; without it the test is skipped."""
    if not SHARED.is_dir():
        pytest.skip("the real frames are not there")
    return SHARED
