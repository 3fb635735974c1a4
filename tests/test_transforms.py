import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import lightnoise as ln
from lightnoise.transforms import Fixed, from_dict

SHAPE = (36, 64, 3)


def draws(transform, count, seed=0):
    return [transform.sample(rng, SHAPE) for rng in np.random.default_rng(seed).spawn(count)]


def test_a_number_is_fixed_and_a_pair_is_a_range():
    for [params] in draws(ln.Bloom(scatter=(0.05, 0.4), radius_deg=1.5), 200):
        assert 0.05 <= params.scatter <= 0.4
        assert params.radius_deg == 1.5
        assert params.falloff == ln.BloomParams().falloff


@pytest.mark.parametrize(
    ("transform", "field"),
    [
        (ln.Bloom(scatter=(0.05, 0.4)), "scatter"),
        (ln.Bloom(falloff=(-4.0, -2.3)), "falloff"),
        (ln.Glare(rotation_deg=(-30, 60)), "rotation_deg"),
        (ln.Glare(sun_azimuth_deg=(-20, 20), sun_elevation_deg=5), "sun_azimuth_deg"),
        (ln.Gamma(exposure_ev=(-2.0, 1.0)), "exposure_ev"),
    ],
)
def test_ranges_are_drawn_evenly(transform, field):
    low, high = transform.ranges[field]
    values = [getattr(params, field) for [params] in draws(transform, 2000)]
    assert stats.kstest(values, "uniform", args=(low, high - low)).pvalue > 1e-3


@pytest.mark.parametrize("field", ["shot", "read"])
def test_noise_is_drawn_evenly_in_its_logarithm(field):
    low, high = 1e-4, 1.2e-2
    values = np.log([getattr(params, field) for [params] in draws(ln.Gamma(**{field: (low, high)}), 2000)])
    assert stats.kstest(values, "uniform", args=(np.log(low), np.log(high / low))).pvalue > 1e-3


def test_blades_are_whole_and_each_as_likely():
    values = [params.blades for [params] in draws(ln.Glare(blades=(5, 9), starburst=0.1), 3000)]
    assert all(isinstance(blades, int) for blades in values)
    counts = np.bincount(values, minlength=10)[5:10]
    assert counts.sum() == 3000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_fields_are_drawn_independently():
    values = np.array(
        [
            (p.scatter, p.radius_deg, p.falloff)
            for [p] in draws(ln.Bloom(scatter=(0, 1), radius_deg=(1, 2), falloff=(-3, -2.5)), 2000)
        ]
    )
    correlation = np.corrcoef(values.T)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 5.0 / np.sqrt(2000)


def test_one_more_range_moves_no_other_field():
    few, more = ln.Bloom(radius_deg=(1, 5)), ln.Bloom(scatter=(0, 1), radius_deg=(1, 5), falloff=(-4, -3))
    for [a], [b] in zip(draws(few, 20), draws(more, 20), strict=True):
        assert a.radius_deg == b.radius_deg


def test_one_more_member_moves_no_other():
    bloom, glare, gamma = (
        ln.Bloom(scatter=(0.0, 0.5)),
        ln.Glare(veil=(0.0, 0.2)),
        ln.Gamma(exposure_ev=(-2, 2), shot=(1e-4, 1e-2)),
    )
    for short, long in zip(
        draws(ln.Chain([bloom, gamma]), 20), draws(ln.Chain([bloom, gamma, glare]), 20), strict=True
    ):
        assert long[:2] == short
    never = ln.Chain([ln.Bloom(scatter=(0.0, 0.5), p=0.0), gamma])
    for [only], [_, second] in zip(draws(never, 20), draws(ln.Chain([bloom, gamma]), 20), strict=True):
        assert only == second


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    "of",
    [
        lambda p: ln.Bloom(scatter=0.1, p=p),
        lambda p: ln.Chain([ln.Bloom(scatter=0.1)], p=p),
        lambda p: ln.OneOf([ln.Bloom(scatter=0.1)], p=p),
        lambda p: Fixed([ln.BloomParams(scatter=0.1)], p=p),
    ],
    ids=["effect", "chain", "one of", "fixed"],
)
def test_p_is_the_probability(of, p):
    applied = sum(bool(params) for params in draws(of(p), 2000))
    assert stats.binomtest(applied, 2000, p).pvalue > 1e-3 if 0.0 < p < 1.0 else applied == 2000 * p


def test_coins_of_a_chain_are_independent():
    chain = ln.Chain([ln.Bloom(scatter=0.1, p=0.5), ln.Glare(veil=0.1, p=0.5)])
    kinds = [tuple(params.effect for params in drawn) for drawn in draws(chain, 2000)]
    counts = [kinds.count(kind) for kind in ((), ("bloom",), ("glare",), ("bloom", "glare"))]
    assert stats.chisquare(counts).pvalue > 1e-3


def test_one_of_draws_each_as_often():
    members = [ln.Bloom(scatter=0.1), ln.Glare(veil=0.1), ln.Gamma(gamma=2.0)]
    effects = [params.effect for [params] in draws(ln.OneOf(members), 3000)]
    assert stats.chisquare([effects.count(name) for name in ("bloom", "glare", "gamma")]).pvalue > 1e-3


def test_the_same_generator_draws_the_same_and_others_do_not():
    transform = ln.preset("wet_night_street")
    assert draws(transform, 5) == draws(transform, 5)
    assert draws(transform, 5) != draws(transform, 5, seed=1)
    rng = np.random.default_rng(3)
    assert transform.sample(rng, SHAPE) != transform.sample(rng, SHAPE)


def test_every_draw_has_noise_of_its_own_unless_named():
    seeds = {params.noise_seed for [params] in draws(ln.Gamma(shot=0.01), 100)}
    assert len(seeds) == 100
    assert {params.noise_seed for [params] in draws(ln.Gamma(shot=0.01, noise_seed=7), 100)} == {7}


def test_a_calibrated_effect_is_the_same_noise_by_hand_and_new_noise_in_every_draw():
    params = ln.severity("gamma_under", 3)
    frames = [np.full((*SHAPE[:2], 3), value, np.uint8) for value in (90, 92)]
    one, other = (ln.chain(frame, [params]).astype(float).ravel() for frame in frames)
    assert np.corrcoef(one, other)[0, 1] > 0.8
    drawn = [draw for [draw] in draws(from_dict({"severity": {"effect": "gamma_under", "level": 3}}), 50)]
    assert len({draw.noise_seed for draw in drawn}) == 50
    assert {replace(draw, noise_seed=0) for draw in drawn} == {params}


def test_sampling_and_applying_touch_no_global_generator():
    np.random.seed(12)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    ln.preset("wet_night_street")(np.zeros(SHAPE, np.uint8), rng=np.random.default_rng(0))
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_calling_draws_and_applies():
    image = np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)
    transform, camera = ln.preset("oncoming_headlights"), ln.Camera(fov_deg=40.0)
    out, damage = transform(image, rng=np.random.default_rng(5), camera=camera, return_damage=True)
    params = transform.sample(np.random.default_rng(5), image.shape)
    again, map_again = ln.chain(image, params, camera=camera, return_damage=True)
    np.testing.assert_array_equal(out, again)
    np.testing.assert_array_equal(damage, map_again)
    np.testing.assert_array_equal(transform(image, rng=np.random.default_rng(5), camera=camera), again)


def test_a_skipped_draw_is_a_copy():
    image = np.full(SHAPE, 7, np.uint8)
    out = ln.Bloom(scatter=0.5, p=0.0)(image, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(out, image)
    assert out is not image


TRANSFORMS = {
    "bloom": ln.Bloom(scatter=(0.1, 0.2), psf="spencer_mesopic", p=0.3),
    "glare": ln.Glare(veil=0.1, blades=(5, 7), sun_azimuth_deg=(-3, 3), sun_elevation_deg=4.0),
    "gamma": ln.Gamma(gamma=(0.5, 2.0), shot=(1e-4, 1e-2), noise_seed=(0, 100)),
    "chain": ln.Chain([ln.Bloom(scatter=0.1), ln.Gamma(exposure_ev=(-1, 1))], p=0.5),
    "one of": ln.OneOf([ln.Bloom(scatter=0.1, p=0.2), ln.Chain([ln.Glare(veil=0.1)])]),
    "fixed": Fixed([ln.BloomParams(scatter=0.2), ln.GammaParams(gamma=2.0)], p=0.7),
    **{name: ln.preset(name) for name in ln.PRESETS},
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_json_brings_a_transform_back(name):
    transform = TRANSFORMS[name]
    again = from_dict(json.loads(json.dumps(transform.to_dict(), allow_nan=False)))
    assert again == transform
    assert hash(again) == hash(transform)
    assert type(again) is type(transform)
    assert draws(again, 10) == draws(transform, 10)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_params_in_json_make_the_same_pixels(name):
    image = np.random.default_rng(1).integers(0, 256, SHAPE).astype(np.uint8)
    transform, camera = TRANSFORMS[name], ln.Camera(fov_deg=70.0)
    for seed in range(3):
        out = transform(image, rng=np.random.default_rng(seed), camera=camera)
        record = {
            "camera": camera.to_dict(),
            "params": [p.to_dict() for p in transform.sample(np.random.default_rng(seed), image.shape)],
        }
        back = json.loads(json.dumps(record))
        params = [ln.params_from_dict(one) for one in back["params"]]
        np.testing.assert_array_equal(ln.chain(image, params, camera=ln.Camera.from_dict(back["camera"])), out)


def test_presets_and_severities_by_name():
    assert from_dict({"preset": "low_sun"}) == ln.preset("low_sun")
    [params] = from_dict({"severity": {"effect": "bloom", "level": 3}}).sample(np.random.default_rng(0), SHAPE)
    assert params == ln.severity("bloom", 3)
    assert (
        from_dict({"severity": {"effect": "bloom", "level": 3, "p": 0.0}}).sample(np.random.default_rng(0), SHAPE) == []
    )


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"blur": {}}, "effect must be one of bloom, glare, gamma, chain, one_of, preset, severity, fixed; got 'blur'"),
        ({"bloom": {}, "glare": {}}, "a dictionary with one key"),
        ("bloom", "a dictionary with one key .* got 'bloom'"),
        ([], "a dictionary with one key"),
        ({"bloom": {"strength": 1}}, "Bloom has no strength; it has scatter, radius_deg"),
        ({"bloom": {"scatter": [0.5, 2.0]}}, r"scatter must be in \[0, 1\], got 2.0"),
        ({"bloom": {"scatter": [0.5, 0.1]}}, "scatter must be a pair .low, high. with low ≤ high"),
        ({"bloom": {"scatter": [0.1, 0.2, 0.3]}}, "scatter must be one value or a pair"),
        ({"bloom": {"psf": ["moffat", "spencer_mesopic"]}}, "psf must be one value"),
        ({"bloom": {"p": 2}}, r"p must be in \[0, 1\]"),
        ({"bloom": [1, 2]}, r"bloom needs a dictionary of its fields, got \[1, 2\]"),
        ({"gamma": {"shot": [0.0, 0.1]}}, "shot is drawn evenly in its logarithm"),
        ({"chain": {"members": []}}, "chain has no members; it has of, p"),
        ({"chain": {"p": 0.5}}, "chain needs a list of effects"),
        ({"chain": []}, "Chain needs at least one transform"),
        ({"chain": [{"bloom": {"scater": 0.1}}]}, "Bloom has no scater"),
        ({"one_of": "bloom"}, "one_of needs a list of effects"),
        ({"preset": "foggy"}, "preset must be one of oncoming_headlights"),
        ({"severity": {"effect": "bloom", "level": 7}}, r"severity must be in \[1, 5\], got 7"),
        ({"severity": {"effect": "blur", "level": 1}}, "effect must be one of bloom, glare, gamma_over, gamma_under"),
        ({"severity": {"name": "bloom"}}, "severity has no name; it has effect, level, p"),
        ({"fixed": {"params": [{"effect": "blur"}]}}, "effect must be one of bloom, glare, gamma; got 'blur'"),
    ],
)
def test_wrong_data_is_named(spec, message):
    with pytest.raises(ValueError, match=message):
        from_dict(spec)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: ln.Bloom(scatter="much"), TypeError, "scatter must be a number, got 'much'"),
        (lambda: ln.Bloom(scatter=(0.1, "much")), TypeError, "scatter must be a number, got 'much'"),
        (lambda: ln.Bloom(strength=1), ValueError, "Bloom has no strength"),
        (lambda: ln.Bloom(p=1.5), ValueError, "p must be in"),
        (lambda: ln.Chain([ln.BloomParams()]), TypeError, "Chain takes a list of transforms, got BloomParams"),
        (lambda: ln.OneOf([]), ValueError, "OneOf needs at least one transform"),
        (lambda: ln.Bloom().sample(0, SHAPE), TypeError, "rng must be a numpy.random.Generator, got 0"),
        (lambda: ln.Bloom().sample(np.random, SHAPE), TypeError, "rng must be a numpy.random.Generator"),
    ],
)
def test_wrong_arguments_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@given(
    low=st.floats(0.0, 1.0),
    high=st.floats(0.0, 1.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_draws_stay_within_any_range(low, high, seed):
    low, high = min(low, high), max(low, high)
    [params] = ln.Bloom(scatter=(low, high)).sample(np.random.default_rng(seed), SHAPE)
    assert low <= params.scatter <= high


def test_equal_ends_are_a_number():
    [params] = ln.Gamma(shot=(0.01, 0.01), exposure_ev=(2, 2)).sample(np.random.default_rng(0), SHAPE)
    assert params.shot == pytest.approx(0.01)
    assert params.exposure_ev == 2.0
