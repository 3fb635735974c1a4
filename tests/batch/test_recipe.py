"""Draws: keyed to the item, and to nothing else."""

from dataclasses import replace

import pytest

from lightnoise.batch import BatchError, Config, draw, recipe
from lightnoise.params import GammaParams
from lightnoise.presets import PRESETS
from lightnoise.severity import EFFECTS, severity

SHAPE = (90, 160, 3)


def levels(config, count=200):
    return [draw(config, f"{n:04d}.png", 0, SHAPE) for n in range(count)]


def without_noise_seed(params):
    return replace(params, noise_seed=0) if isinstance(params, GammaParams) else params


def test_a_calibrated_level_is_that_level():
    for effect in EFFECTS:
        config = Config(recipe([effect], severity=3))
        (params,) = draw(config, "a.png", 0, SHAPE)
        assert without_noise_seed(params) == without_noise_seed(severity(effect, 3))


def test_without_a_severity_every_level_comes_about_as_often():
    drawn = [params for (params,) in levels(Config(recipe(["bloom"])), 500)]
    counts = [drawn.count(severity("bloom", level)) for level in (1, 2, 3, 4, 5)]
    assert sum(counts) == 500
    assert all(abs(count - 100) < 45 for count in counts)  # 5 standard deviations


def test_gamma_is_over_or_under_about_as_often():
    drawn = [params for (params,) in levels(Config(recipe(["gamma"], severity=5)), 400)]
    expected = without_noise_seed(severity("gamma_over", 5))
    over = sum(without_noise_seed(params) == expected for params in drawn)
    assert abs(over - 200) < 50


def test_without_any_choice_every_preset_comes():
    assert recipe() == {"one_of": [{"preset": name} for name in PRESETS]}
    kinds = {tuple(params.effect for params in drawn) for drawn in levels(Config(recipe()))}
    assert len(kinds) > 1


def test_a_severity_alone_means_any_effect():
    drawn = {params.effect for (params,) in levels(Config(recipe(severity=2)), 60)}
    assert drawn == {"bloom", "glare", "gamma"}


def test_severity_zero_is_nothing():
    assert draw(Config(recipe(["bloom", "glare"], severity=0)), "a.png", 0, SHAPE) == []


@pytest.mark.parametrize("per", ["frame", "clip"])
def test_the_key_is_seed_path_and_copy(per):
    config = Config({"bloom": {"scatter": [0.0, 1.0]}}, per=per, seed=1)
    base = draw(config, "clip/a.png", 0, SHAPE)
    assert draw(config, "clip/a.png", 0, SHAPE) == base
    assert draw(replace(config, copies=9, quality=30), "clip/a.png", 0, SHAPE) == base
    assert draw(config, "clip/a.png", 1, SHAPE) != base
    assert draw(config, "clop/a.png", 0, SHAPE) != base
    assert draw(replace(config, seed=2), "clip/a.png", 0, SHAPE) != base
    assert (draw(config, "clip/b.png", 0, SHAPE) == base) == (per == "clip")


def test_a_clip_keeps_its_exposure_while_its_noise_moves():
    config = Config({"gamma": {"exposure_ev": [-3.0, 0.0], "shot": 0.01}}, per="clip")
    first, second = (draw(config, f"clip/{name}.png", 0, SHAPE)[0] for name in "ab")
    assert first.noise_seed != second.noise_seed
    assert replace(first, noise_seed=0) == replace(second, noise_seed=0)


def test_the_noise_of_calibrated_levels_differs_from_frame_to_frame():
    config = Config(recipe(["gamma_under"], 3))
    seeds = [params.noise_seed for (params,) in levels(config, 50) if params.has_noise]
    assert len(set(seeds)) == len(seeds)
    assert 0 not in seeds
    assert levels(config, 50) == levels(config, 50)


def test_a_noise_seed_that_was_asked_for_is_kept():
    config = Config({"gamma": {"shot": 0.01, "noise_seed": 77}})
    assert draw(config, "clip/a.png", 0, SHAPE)[0].noise_seed == 77


def test_contradictions_are_refused():
    for effects in (["gamma", "gamma_under"], ["bloom", "bloom"]):
        with pytest.raises(BatchError, match="more than once"):
            recipe(effects)
    with pytest.raises(BatchError, match="takes no --severity"):
        recipe(preset="low_sun", severity=1)
    assert [spec["severity"]["effect"] for spec in recipe(["gamma_over", "bloom"], 2)["chain"]] == [
        "bloom",
        "gamma_over",
    ]


def test_an_invalid_spec_is_refused():
    with pytest.raises(BatchError, match="effects: "):
        Config({"bloom": {"scater": 1}})
    with pytest.raises(BatchError, match="effects: "):
        Config({"preset": "midnight"})


def test_a_config_survives_json():
    import json

    config = Config(recipe(["glare"]), seed=4, per="clip")
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
