import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # picks.py stands beside the tests
os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # else its import asks the network for news


@pytest.fixture(scope="session")
def frame():
    from lightnoise import scenes

    return scenes.render("night", np.random.default_rng(1), size=(72, 128)).image


@pytest.fixture
def generator():
    return np.random.default_rng
