"""Large ghosts are drawn an octave coarser than small ones: the same light, edges a little softer."""

import numpy as np
import pytest

import lightnoise as ln
from lightnoise.functional import reflections
from lightnoise.functional.grid import grid_of_level, shaped_level

CAMERA = ln.Camera()


def drawn(coarsest, monkeypatch):
    """Return the ghosts of one lamp right of the centre."""
    monkeypatch.setattr(reflections, "COARSEST", coarsest)
    reflections.ghosts_by_octave.cache_clear()
    light = np.zeros((360, 640, 3), np.float32)
    light[176:184, 400:408] = 1e4
    out = ln.chain_linear(light, [ln.GlareParams(ghosts=0.1)], camera=CAMERA)
    reflections.ghosts_by_octave.cache_clear()
    out[170:190, 394:414] = 0.0
    return out


def test_a_coarser_grid_keeps_the_light_and_its_place(monkeypatch):
    grid = grid_of_level(360, 640, CAMERA, shaped_level(360, 640, CAMERA))
    assert set(reflections.ghosts_by_octave(CAMERA.f_number, grid)) == {0, 1}
    fine, coarse = drawn(0, monkeypatch), drawn(1, monkeypatch)
    assert coarse.sum() == pytest.approx(fine.sum(), rel=2e-3)
    assert np.abs(coarse - fine).sum() < 0.08 * fine.sum()  # edges alone
    for axis in (0, 1):
        places = np.arange(fine.shape[axis])
        centres = [np.average(places, weights=ghosts.sum(axis=(1 - axis, 2))) for ghosts in (fine, coarse)]
        assert centres[0] == pytest.approx(centres[1], abs=0.2)


def test_ghosts_are_sorted_by_size():
    grid = grid_of_level(720, 1280, CAMERA, 2)
    by_octave = reflections.ghosts_by_octave(2.0, grid)
    assert sum(len(ghosts) for ghosts in by_octave.values()) == len(
        reflections.drawn_ghosts(2.0, grid.height / grid.focal_y)
    )
    for octave, ghosts in by_octave.items():
        for ghost in ghosts:
            cells = ghost.radius * grid.focal_x / 2.0**octave
            assert cells >= reflections.LEAST_RADIUS or octave == 0
            assert cells < 2.0 * reflections.LEAST_RADIUS or octave == reflections.COARSEST
