import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# naive.py stands beside the tests, psf_accuracy.py with its FFT reference among the benchmarks
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "benchmarks")]

# how long an example takes says more about the machine's other work than about the code
settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def _count_spikes(psf, inner, outer):
    """Count the spikes: maxima of the energy per angle that rise above twice its median."""
    centre = psf.shape[0] // 2
    row, column = np.indices(psf.shape[:2]) - centre
    distance = np.hypot(row, column)
    ring = (distance >= inner) & (distance <= outer)
    angle = np.degrees(np.arctan2(-row[ring], column[ring])) % 360.0
    bins = 180
    energy = np.bincount((angle * bins / 360.0).astype(int), psf[ring] * distance[ring], bins)
    energy /= np.maximum(np.bincount((angle * bins / 360.0).astype(int), minlength=bins), 1)
    energy = np.mean([np.roll(energy, shift) for shift in (-1, 0, 1)], axis=0)
    neighbours = np.max([np.roll(energy, shift) for shift in (-4, -3, -2, -1, 1, 2, 3, 4)], axis=0)
    return int(np.sum((energy > neighbours) & (energy > 2.0 * np.median(energy))))


@pytest.fixture
def count_spikes():
    """Return a function (psf, inner radius, outer radius) -> number of spikes."""
    return _count_spikes
