import numpy as np
import pytest

import lightnoise as ln
from lightnoise import scenes
from lightnoise.params import EffectParams
from lightnoise.severity import AMOUNTS, CALIBRATION_SCENES, TARGET_SSIM, meaning

EFFECTS = ("bloom", "glare", "gamma_over", "gamma_under")


def test_the_promised_effects_exist():
    assert ln.EFFECTS == EFFECTS
    assert TARGET_SSIM == (0.95, 0.90, 0.84, 0.78, 0.72)


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("level", range(1, 6))
def test_a_level_is_params_that_do_something(effect, level):
    params = ln.severity(effect, level)
    assert isinstance(params, EffectParams)
    assert params.effect == effect.partition("_")[0]
    assert not params.is_identity
    assert params == ln.severity(effect, level)


@pytest.mark.parametrize("effect", EFFECTS)
def test_amounts_grow_with_the_level(effect):
    amounts = AMOUNTS[effect]
    assert len(amounts) == 5
    assert np.all(np.diff(amounts) > 0.0)
    texts = [meaning(effect, level) for level in range(1, 6)]
    assert len(set(texts)) == 5


@pytest.mark.parametrize(
    ("effect", "level", "error", "message"),
    [
        ("bloom", 7, ValueError, r"severity must be in \[1, 5\], got 7"),
        ("bloom", 0, ValueError, r"severity must be in \[1, 5\], got 0"),
        ("bloom", 2.5, TypeError, "severity must be a whole number, got 2.5"),
        ("bloom", "3", TypeError, "severity must be a whole number, got '3'"),
        ("blur", 3, ValueError, "effect must be one of bloom, glare, gamma_over, gamma_under; got 'blur'"),
    ],
)
def test_unknown_levels_are_named(effect, level, error, message):
    with pytest.raises(error, match=message):
        ln.severity(effect, level)


@pytest.fixture(scope="module")
def pictures():
    return [scene.image for scene in scenes.default_set(**CALIBRATION_SCENES)]


def ssim(one, other):
    """As Wang et al. 2004 and the issue want it: RGB, Gaussian window of σ = 1.5."""
    from skimage.metrics import structural_similarity

    return structural_similarity(
        one, other, channel_axis=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
    )


@pytest.mark.parametrize("effect", EFFECTS)
def test_levels_cost_the_ssim_they_are_calibrated_for(effect, pictures):
    assert pictures[0].shape == (360, 640, 3)
    for level, target in enumerate(TARGET_SSIM, start=1):
        params = ln.severity(effect, level)
        measured = np.mean([ssim(picture, ln.chain(picture, [params])) for picture in pictures])
        assert measured == pytest.approx(target, abs=0.015), f"{effect} {level}"
