import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lightnoise as ln
from lightnoise.params import BLOOM_PSFS, PARAMS, VEIL_PSFS

BLOOMS = st.builds(
    ln.BloomParams,
    scatter=st.floats(0.0, 1.0),
    radius_deg=st.floats(0.01, 45.0),
    falloff=st.floats(-4.0, -2.3),
    psf=st.sampled_from(BLOOM_PSFS),
)
GLARES = st.builds(
    ln.GlareParams,
    veil=st.floats(0.0, 0.9),
    starburst=st.floats(0.0, 1.0),
    blades=st.sampled_from([0, 3, 6, 32]),
    rotation_deg=st.floats(-360.0, 360.0),
    ghosts=st.floats(0.0, 0.2),
    sun_strength=st.floats(0.0, 10.0),
    veil_psf=st.sampled_from(VEIL_PSFS),
) | st.builds(ln.GlareParams, sun_azimuth_deg=st.floats(-180.0, 180.0), sun_elevation_deg=st.floats(-90.0, 90.0))
GAMMAS = st.builds(
    ln.GammaParams,
    gamma=st.floats(0.1, 10.0),
    exposure_ev=st.floats(-16.0, 16.0),
    shot=st.floats(0.0, 1.0),
    read=st.floats(0.0, 1.0),
    noise_seed=st.integers(0, 2**32 - 1),
)

OUT_OF_RANGE = [
    (ln.BloomParams, "scatter", -0.1, "[0, 1]"),
    (ln.BloomParams, "scatter", 1.1, "[0, 1]"),
    (ln.BloomParams, "scatter", math.nan, "[0, 1]"),
    (ln.BloomParams, "radius_deg", 0.0, "[0.01, 45]"),
    (ln.BloomParams, "radius_deg", math.inf, "[0.01, 45]"),
    (ln.BloomParams, "falloff", -2.0, "[-4, -2.3]"),
    (ln.GlareParams, "veil", 0.95, "[0, 0.9]"),
    (ln.GlareParams, "starburst", -1.0, "[0, 1]"),
    (ln.GlareParams, "rotation_deg", 400.0, "[-360, 360]"),
    (ln.GlareParams, "ghosts", 0.3, "[0, 0.2]"),
    (ln.GlareParams, "sun_strength", 11.0, "[0, 10]"),
    (ln.GlareParams, "blades", 33, "[0, 32]"),
    (ln.GammaParams, "gamma", 0.0, "[0.1, 10]"),
    (ln.GammaParams, "exposure_ev", 17.0, "[-16, 16]"),
    (ln.GammaParams, "shot", 1.5, "[0, 1]"),
    (ln.GammaParams, "read", -1e-9, "[0, 1]"),
    (ln.GammaParams, "noise_seed", 2**32, "[0, 4294967295]"),
]


@given(params=BLOOMS | GLARES | GAMMAS)
def test_json_brings_them_back(params):
    text = json.dumps(params.to_dict(), allow_nan=False)
    again = ln.params_from_dict(json.loads(text))
    assert again == params
    assert hash(again) == hash(params)
    assert type(again) is type(params)
    assert json.loads(text)["effect"] == params.effect


@pytest.mark.parametrize("cls", PARAMS.values())
def test_defaults_are_the_identity(cls):
    assert cls().is_identity
    assert ln.params_from_dict({"effect": cls.effect}) == cls()


@pytest.mark.parametrize(
    "params",
    [
        ln.BloomParams(scatter=1e-9),
        ln.GlareParams(veil=1e-9),
        ln.GlareParams(starburst=1e-9),
        ln.GlareParams(ghosts=1e-9),
        ln.GlareParams(sun_azimuth_deg=0.0, sun_elevation_deg=0.0),
        ln.GammaParams(gamma=1.0001),
        ln.GammaParams(exposure_ev=-0.001),
        ln.GammaParams(shot=1e-9),
        ln.GammaParams(read=1e-9),
    ],
)
def test_what_does_something_is_no_identity(params):
    assert not params.is_identity


def test_a_sun_without_strength_is_none():
    dark = ln.GlareParams(sun_azimuth_deg=1.0, sun_elevation_deg=2.0, sun_strength=0.0)
    assert dark.is_identity
    assert not dark.has_sun


@pytest.mark.parametrize(("cls", "field", "value", "allowed"), OUT_OF_RANGE)
def test_values_out_of_range_are_named(cls, field, value, allowed):
    with pytest.raises(ValueError, match=field) as error:
        cls(**{field: value})
    assert allowed in str(error.value)
    assert repr(value) in str(error.value)


@pytest.mark.parametrize("cls", PARAMS.values())
def test_every_field_refuses_words_and_truth_values(cls):
    for name in cls.field_names():
        for value in ("much", True, [1.0], {}):
            if name in ("psf", "veil_psf"):
                error = ValueError
            else:
                error = (TypeError, ValueError)  # half a sun is a ValueError before its angle is looked at
            with pytest.raises(error, match=name):
                cls(**{name: value})


@pytest.mark.parametrize("blades", [1, 2])
def test_an_iris_needs_three_blades(blades):
    with pytest.raises(ValueError, match=rf"blades must be 0 \(round\) or in \[3, 32\], got {blades}"):
        ln.GlareParams(blades=blades)


@pytest.mark.parametrize("half", [{"sun_azimuth_deg": 3.0}, {"sun_elevation_deg": 3.0}])
def test_a_sun_has_two_angles(half):
    with pytest.raises(ValueError, match="must be given together"):
        ln.GlareParams(**half)


def test_unknown_words_list_what_there_is():
    with pytest.raises(ValueError, match=r"psf must be one of moffat, spencer_photopic.*; got 'gauss'"):
        ln.BloomParams(psf="gauss")
    with pytest.raises(ValueError, match="veil_psf must be one of harvey, cie; got 'fog'"):
        ln.GlareParams(veil_psf="fog")


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"effect": "blur"}, ValueError, "effect must be one of bloom, glare, gamma; got 'blur'"),
        ({}, ValueError, "effect must be one of bloom, glare, gamma; got None"),
        ({"effect": "bloom", "strength": 1}, ValueError, "BloomParams has no strength; it has scatter, radius_deg"),
        ({"effect": "bloom", "scatter": 2}, ValueError, r"scatter must be in \[0, 1\], got 2"),
        ("bloom", TypeError, "params must be a dictionary, got 'bloom'"),
    ],
)
def test_bad_dictionaries_are_named(values, error, message):
    with pytest.raises(error, match=message):
        ln.params_from_dict(values)


@pytest.mark.parametrize("cls", PARAMS.values())
def test_params_are_frozen(cls):
    params = cls()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(params, cls.field_names()[0], 0.5)


def test_numbers_become_floats_and_print():
    params = ln.BloomParams(scatter=1, radius_deg=2)
    assert isinstance(params.scatter, float)
    assert repr(params) == "BloomParams(scatter=1.0, radius_deg=2.0, falloff=-3.0, psf='moffat')"
    assert eval(repr(params), {"BloomParams": ln.BloomParams}) == params
