import inspect
import subprocess
import sys

import pytest

import lightnoise as ln
from lightnoise.adapters.arguments import camera_from, light_noise_from


def members(transform):
    return transform.transforms if isinstance(transform, ln.OneOf) else [transform]


def test_nothing_named_is_any_preset():
    assert light_noise_from(None, None, None, None) == ln.OneOf([ln.preset(name) for name in ln.PRESETS])


def test_everything_named_is_drawn_from():
    other = ln.Chain([ln.Bloom(scatter=0.1), ln.Gamma(exposure_ev=1)])
    drawn_from = members(light_noise_from(["low_sun", "tunnel_exit"], "glare", 2, other))
    assert drawn_from[0] == ln.preset("low_sun")
    assert drawn_from[1] == ln.preset("tunnel_exit")
    assert drawn_from[3] == other
    assert len(drawn_from) == 4


def test_a_transform_may_be_its_dictionary():
    transform = ln.Chain([ln.Bloom(scatter=(0.1, 0.2)), ln.Gamma(exposure_ev=1)])
    assert light_noise_from(None, None, None, transform.to_dict()) == transform


@pytest.mark.parametrize("effect", ln.EFFECTS)
@pytest.mark.parametrize(("severity", "levels"), [(3, [3]), ((2, 4), [2, 3, 4]), (None, [1, 2, 3, 4, 5])])
def test_severities_are_the_calibrated_params(effect, severity, levels, generator):
    steps = members(light_noise_from(None, effect, severity, None))
    assert len(steps) == len(levels)
    for step, level in zip(steps, levels, strict=True):
        [params] = step.sample(generator(0), (72, 128, 3))
        expected = ln.severity(effect, level).to_dict()
        assert {**params.to_dict(), "noise_seed": 0} == {**expected, "noise_seed": 0}


def test_the_noise_of_a_severity_is_new_in_every_draw(generator):
    transform = light_noise_from(None, "gamma_under", 3, None)
    seeds = {transform.sample(generator(i), (72, 128, 3))[0].noise_seed for i in range(20)}
    assert len(seeds) == 20


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", None, None, None), "preset must be one of oncoming_headlights, .*; got 'nowhere'"),
        ((None, "haze", None, None), "effect must be one of bloom, glare, gamma_over, gamma_under; got 'haze'"),
        ((None, "bloom", 6, None), r"severity must be in \[1, 5\], got 6"),
        ((None, "bloom", (4, 2), None), r"severity must be a level or a pair .* got \(4, 2\)"),
        ((None, None, 3, None), "severity goes with effects, any of bloom, .*; got 3"),
        (("low_sun", None, 3, None), "severity goes with effects"),
        (([], None, None, None), r"presets must name at least one, got \[\]"),
        ((None, None, None, {"haze": {}}), "effect must be one of bloom"),
    ],
)
def test_what_does_not_exist_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        light_noise_from(*arguments)


@pytest.mark.parametrize("camera", [ln.CAMERAS["bdd100k"], "bdd100k", ln.CAMERAS["bdd100k"].to_dict()])
def test_cameras_by_value_name_and_fields(camera):
    assert camera_from(camera) == ln.CAMERAS["bdd100k"]


def test_no_camera_is_the_default_one():
    assert camera_from(None) == ln.Camera()


@pytest.mark.parametrize(
    ("camera", "error", "message"),
    [
        ("dashcam", ValueError, "camera must be one of default, tusimple, .*; got 'dashcam'"),
        ({"fov": 60}, ValueError, "Camera has no fov"),
        (60, TypeError, "camera must be a lightnoise.Camera, a name, .*; got 60"),
    ],
)
def test_wrong_cameras_are_refused(camera, error, message):
    with pytest.raises(error, match=message):
        camera_from(camera)


@pytest.mark.parametrize("host", ["albumentations", "torchvision"])
@pytest.mark.parametrize("name", ["Bloom", "Glare", "Gamma"])
def test_constructors_have_the_fields_of_the_params(host, name):
    """The keywords are spelt out for editors; they must not drift from the params."""
    pytest.importorskip(host)
    module = __import__(f"lightnoise.adapters.{host}", fromlist=[name])
    given = {
        key: value.default
        for key, value in inspect.signature(getattr(module, name)).parameters.items()
        if key not in ("camera", "damage_key", "p")
    }
    expected = getattr(ln, f"{name}Params")().to_dict()
    del expected["effect"]
    if name == "Gamma":
        expected["noise_seed"] = None  # drawn anew
    assert given == expected


@pytest.mark.parametrize(("adapter", "host"), [("albumentations", "albumentations"), ("torchvision", "torch")])
def test_without_the_host_the_error_says_what_to_install(adapter, host):
    code = f"import sys; sys.modules[{host!r}] = None; import lightnoise.adapters.{adapter}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert f'pip install "lightnoise[{adapter}]"' in done.stderr.splitlines()[-1]
