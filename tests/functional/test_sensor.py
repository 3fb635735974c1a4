"""Shot and read noise, full wells, column blooming."""

import naive
import numpy as np
import pytest
from scipy import stats

import lightnoise as ln

LINEAR = ln.Camera(response="linear", highlight_gain=1.0)


def noise(level, shape, **values):
    light = np.full(shape, level, np.float32)
    return ln.chain_linear(light, [ln.GammaParams(**values)]).astype(np.float64) - np.float32(level)


@pytest.mark.parametrize(("shot", "read"), [(1e-2, 0.0), (4e-3, 1e-4), (2e-4, 3e-5)])
def test_variance_is_linear_in_the_signal_with_the_slope_asked_for(shot, read):
    levels = np.array([0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
    fields = [noise(x, (512, 512), shot=shot, read=read, noise_seed=11) for x in levels]
    variances = np.array([field.var() for field in fields])
    slope, offset = np.polyfit(levels, variances, 1)
    assert slope == pytest.approx(shot, rel=0.05)
    assert offset == pytest.approx(read, rel=0.05, abs=2e-3 * shot)
    np.testing.assert_allclose(variances, shot * levels + read, rtol=0.02, atol=1e-12)
    for field, variance in zip(fields, shot * levels + read, strict=True):
        assert abs(field.mean()) <= 4.0 * np.sqrt(variance / field.size) + 1e-9


def test_noise_is_that_of_the_new_exposure():
    """Light first, then noise: four times the light, four times the shot variance."""
    field = noise(0.1, (400, 400), shot=1e-2, exposure_ev=2.0)
    assert field.mean() == pytest.approx(0.3, abs=1e-3)
    assert field.var() == pytest.approx(1e-2 * 0.4, rel=0.02)


def test_noise_is_the_slow_twins():
    light = np.random.default_rng(1).random((9, 7, 3)).astype(np.float32)
    params = ln.GammaParams(shot=0.01, read=1e-3, noise_seed=123456789)
    np.testing.assert_allclose(ln.chain_linear(light, [params]), naive.noise(light, 0.01, 1e-3, 123456789), atol=1e-5)


def test_noise_is_normal():
    field = noise(0.0, (600, 600), read=1.0, noise_seed=3).ravel()
    assert stats.kurtosis(field) == pytest.approx(0.0, abs=0.04)
    assert stats.skew(field) == pytest.approx(0.0, abs=0.02)
    assert stats.kstest(field, "norm").pvalue > 1e-3
    assert np.abs(field).max() > 4.0


@pytest.mark.parametrize(
    "shift", [(0, 1, 0), (1, 0, 0), (0, 0, 1), (1, 1, 0), (0, 2, 0), (0, 64, 0), (0, 128, 0), (128, 0, 0)]
)
def test_samples_are_uncorrelated(shift):
    field = noise(0.0, (256, 256, 3), read=1.0, noise_seed=5)
    moved = np.roll(field, shift, axis=(0, 1, 2))
    assert abs(np.mean(field * moved)) < 5.0 / np.sqrt(field.size)
    assert abs(np.mean(field**2 * moved**2) - 1.0) < 10.0 / np.sqrt(field.size)


def test_the_seed_names_the_noise():
    fields = {seed: noise(0.0, (200, 200), read=1.0, noise_seed=seed).ravel() for seed in (0, 1, 2, 2**31, 2**32 - 1)}
    for seed, field in fields.items():
        np.testing.assert_array_equal(field, noise(0.0, (200, 200), read=1.0, noise_seed=seed).ravel())
        for other, another in fields.items():
            if other != seed:
                assert abs(np.mean(field * another)) < 5.0 / np.sqrt(field.size)
                assert not np.isin(field[:50], another[:50]).any()


def test_noise_of_a_picture_does_not_touch_the_global_generator():
    np.random.seed(4)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    ln.gamma(np.full((20, 20), 100, np.uint8), ln.GammaParams(shot=0.01))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_noise_in_a_picture_is_unbiased_in_linear_light():
    image = np.full((300, 300), 0.3, np.float32)
    out = ln.gamma(image, ln.GammaParams(shot=1e-3, read=1e-5), camera=LINEAR)
    assert out.mean() == pytest.approx(0.3, abs=3e-4)
    assert out.var() == pytest.approx(1e-3 * 0.3 + 1e-5, rel=0.03)


def spilled(charge, full_well=1.0, fraction=1.0, gain_ev=3.0):
    """Expose a picture by +3 EV, so that its wells run over, and return what the column holds, clipped at white."""
    camera = ln.Camera(response="linear", highlight_gain=1.0, full_well=full_well, column_blooming=fraction)
    image = (np.asarray(charge, np.float32) / 2.0**gain_ev).astype(np.float32)
    return ln.gamma(image, ln.GammaParams(exposure_ev=gain_ev), camera=camera)


@pytest.mark.parametrize("fraction", [0.3, 1.0])
@pytest.mark.parametrize("full_well", [1.0, 1.7])
@pytest.mark.parametrize("shape", [(1, 1), (12, 5), (40, 3, 3), (7, 1, 1)])
def test_columns_spill_as_in_the_plain_loop(shape, full_well, fraction):
    rng = np.random.default_rng(2)
    charge = np.where(rng.random(shape) < 0.2, 8.0, 0.9) * rng.random(shape)
    out = spilled(charge, full_well, fraction).reshape(shape[0], -1)
    columns = charge.astype(np.float32).reshape(shape[0], -1)
    for x in range(columns.shape[1]):
        slow = np.minimum(naive.spill_column(columns[:, x], full_well, fraction), 1.0)
        np.testing.assert_allclose(out[:, x], slow, atol=3e-6)


def test_charge_is_conserved_as_long_as_the_column_has_room():
    charge = np.full((60, 4), 0.2)
    charge[30, 1] = 7.0
    charge[20:23, 2] = 3.0
    out = spilled(charge)
    np.testing.assert_allclose(out.sum(axis=0), charge.sum(axis=0), rtol=1e-5)
    assert out.max() <= 1.0
    assert out[30, 1] == 1.0
    assert out[29, 1] == out[31, 1] == 1.0
    np.testing.assert_array_equal(out[:, 0], np.float32(0.2))


def test_charge_that_reaches_the_end_is_drained():
    charge = np.zeros((6, 1))
    charge[0] = 8.0
    out = spilled(charge)
    assert out.sum() < charge.sum()
    np.testing.assert_allclose(out[:5, 0], [1.0, 1.0, 1.0, 1.0, 0.5], atol=1e-5)


def test_no_column_blooming_leaves_neighbours_alone():
    charge = np.full((9, 3), 0.2)
    charge[4, 1] = 7.0
    out = spilled(charge, fraction=0.0)
    np.testing.assert_allclose(out, np.minimum(charge, 1.0), atol=1e-6)


def test_a_recovered_lamp_smears_its_column():
    """On a CCD the lamp's own energy, not its clipped picture, runs along the column."""
    image = np.full((90, 60), 20, np.uint8)
    image[44:47, 30:33] = 255
    camera = ln.Camera(column_blooming=1.0, highlight_gain=1000.0)
    out = ln.gamma(image, ln.GammaParams(exposure_ev=0.01), camera=camera)
    assert (out[:, 31] == 255).sum() > 6
    assert np.all(out[:, 10] < 30)
