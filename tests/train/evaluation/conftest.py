import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # made_tables.py stands beside the tests

LABELS = Path(__file__).parents[4] / "shared" / "data" / "tusimple_labels_full"


@pytest.fixture(scope="session")
def real_labels():
    """All 6,408 published label lines."""
    if not LABELS.is_dir():
        pytest.skip("needs TuSimple's label files in ../shared/data/tusimple_labels_full")
    from lightnoise_train.lanes.labels import read_labels

    return [label for path in sorted(LABELS.glob("*.json")) for label in read_labels(path)]
