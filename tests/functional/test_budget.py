"""One budget of light for all effects of the lens."""

import numpy as np
import pytest

import lightnoise as ln

IMAGE = np.full((36, 64, 3), 100, np.uint8)


def test_more_than_the_whole_light_is_refused_by_name():
    params = [ln.BloomParams(scatter=0.6), ln.GlareParams(veil=0.1, starburst=0.3, ghosts=0.05)]
    with pytest.raises(ValueError, match="at most the whole light") as error:
        ln.chain(IMAGE, params)
    for part in ("bloom scatter 0.6", "veil weight 0.1", "(veil 0.1 ", "starburst 0.3", "ghosts 0.05", "> 1"):
        assert part in str(error.value)
    with pytest.raises(ValueError, match="at most the whole light"):
        ln.chain_linear(IMAGE / np.float32(255), params)


def test_parts_that_take_nothing_are_not_named():
    with pytest.raises(ValueError, match="at most") as error:
        ln.chain(IMAGE, [ln.BloomParams(scatter=0.6), ln.GlareParams(starburst=0.5)])
    assert "veil" not in str(error.value)
    assert "ghosts" not in str(error.value)


def test_the_whole_light_may_be_spread():
    out = ln.chain_linear(IMAGE / np.float32(255), [ln.BloomParams(scatter=0.5), ln.GlareParams(starburst=0.5)])
    np.testing.assert_allclose(out, 100 / 255, rtol=1e-5)


def test_each_effect_stands_once():
    with pytest.raises(ValueError, match="each effect may stand once in a chain, got bloom twice"):
        ln.chain(IMAGE, [ln.BloomParams(scatter=0.1), ln.GammaParams(), ln.BloomParams(scatter=0.2)])


@pytest.mark.parametrize("params", [ln.BloomParams(scatter=0.1), [{"effect": "bloom"}], ["bloom"], [None]])
def test_only_params_are_params(params):
    with pytest.raises(TypeError, match="params must be"):
        ln.chain(IMAGE, params)


@pytest.mark.parametrize(
    ("function", "params", "wanted"),
    [
        (ln.bloom, ln.GammaParams(), "BloomParams"),
        (ln.glare, ln.BloomParams(), "GlareParams"),
        (ln.gamma, ln.GlareParams(), "GammaParams"),
        (ln.bloom, None, "BloomParams"),
    ],
)
def test_each_function_takes_its_own_params(function, params, wanted):
    with pytest.raises(TypeError, match=f"params must be {wanted}, got"):
        function(IMAGE, params)
