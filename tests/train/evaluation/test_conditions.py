"""Conditions: the light of the noised test set, presets by fifths, foreign corruptions."""

import numpy as np
import pytest

import lightnoise as ln
from lightnoise import batch
from lightnoise_train.data import noised, roads
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation import conditions as cond
from lightnoise_train.evaluation.conditions import Condition, Drawn

CAMERA = ln.Camera()
IMAGE = np.random.default_rng(0).integers(0, 256, (36, 64, 3)).astype(np.uint8)


def test_effects_times_severities_and_the_clean_frames():
    found = cond.conditions(["bloom", "mixed"], [0, 2, 5, 2])
    assert found == [("clean", 0), ("bloom", 2), ("bloom", 5), ("mixed", 2), ("mixed", 5)]
    assert [condition.name for condition in found] == ["clean", "bloom-2", "bloom-5", "mixed-2", "mixed-5"]
    assert len(cond.conditions()) == 1 + 5 * 5


@pytest.mark.parametrize(
    ("effects", "severities", "message"),
    [(["fog"], [1], "effect must be"), (["bloom"], [6], "severity"), (["no_module:function"], [1], "cannot import")],
)
def test_what_there_is_not(effects, severities, message):
    with pytest.raises(ValueError, match=message):
        cond.conditions(effects, severities)


@pytest.mark.parametrize("effect", ln.EFFECTS)
@pytest.mark.parametrize("level", [1, 5])
def test_params_are_those_of_the_severity_with_noise_of_the_frames_own(effect, level):
    (params,) = cond.draw(Condition(effect, level), "a", IMAGE.shape, CAMERA, 0)
    expected = ln.severity(effect, level)
    if effect == "gamma_under":
        (other,) = cond.draw(Condition(effect, level), "b", IMAGE.shape, CAMERA, 0)
        assert params.noise_seed != other.noise_seed
    if isinstance(expected, ln.GammaParams):  # the seed means nothing to gamma_over, which has no noise
        expected = ln.GammaParams(**{**expected.__dict__, "noise_seed": params.noise_seed})
    assert params == expected


def test_light_is_that_of_the_noised_test_set(tmp_path):
    """Byte for byte, where the trees are written without loss."""
    data = roads.load(2, "test", seed=3, size=(72, 128))
    wanted = noised.trees(["gamma_under", "mixed"], [0, 4])
    for _, summary in noised.write(data, "roads", tmp_path, wanted, camera=CAMERA, seed=5, output_format="png"):
        assert summary.exit_code == 0
    named, folders = cond.trees_of(tmp_path)
    assert named == (("clean", 0), ("gamma_under", 4), ("mixed", 5))
    draw = Drawn(named, lambda image: image, CAMERA, seed=5)
    read = cond.Read(named, lambda image: image, folders)
    from lightnoise_train.data import tusimple

    trees = tusimple.load(folders[0], "test")
    for i in range(2):
        drawn, found = draw(data[i], np.random.default_rng()), read(trees[i], np.random.default_rng())
        assert found.key == drawn.key.replace(".jpg", ".png")
        for a, b in zip(drawn.pictures, found.pictures, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_noised_set_without_its_clean_tree(tmp_path):
    data = roads.load(1, "test", size=(36, 64))
    list(noised.write(data, "roads", tmp_path, noised.trees(["bloom"], [1]), camera=CAMERA))
    with pytest.raises(DataError, match="no clean tree"):
        cond.trees_of(tmp_path)


def test_mixed_draws_one_preset_and_takes_fifths_of_it():
    full = cond.draw(Condition("mixed", 5), "a", IMAGE.shape, CAMERA, 0)
    half = cond.draw(Condition("mixed", 2), "a", IMAGE.shape, CAMERA, 0)
    assert full == batch.draw(batch.Config(batch.recipe()), "a", 0, IMAGE.shape)
    assert half == [cond.scaled(params, 0.4) for params in full]
    others = {str(cond.draw(Condition("mixed", 5), str(i), IMAGE.shape, CAMERA, 0)) for i in range(6)}
    assert len(others) == 6


@pytest.mark.parametrize("name", ln.PRESETS)
def test_scaled_presets_run_from_the_identity_to_themselves(name):
    params = cond.draw(Condition(name, 5), "a", IMAGE.shape, CAMERA, 0)
    assert all(cond.scaled(each, 0.0).is_identity for each in params)
    assert [cond.scaled(each, 1.0) for each in params] == params
    image = ln.scenes.render("dusk", np.random.default_rng(0), size=(36, 64)).image.astype(float)
    away = [
        np.abs(cond.apply(Condition(name, level), image.astype(np.uint8), "a", CAMERA, 0) - image).mean()
        for level in (1, 3, 5)
    ]
    assert away[0] < away[1] < away[2]


def test_pictures_depend_on_seed_and_key_alone():
    a, b = (cond.apply(Condition("mixed", 3), IMAGE, "key", CAMERA, 1) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert (cond.apply(Condition("mixed", 3), IMAGE, "key", CAMERA, 2) != a).any()


FOREIGN = """
import numpy as np

def noisy(image, severity):
    return image + 10 * severity * np.random.randn(*image.shape)

def cropped(image, severity):
    return image[1:]

def broken(image, severity):
    raise KeyError("no such thing")

def greedy(image, severity):
    image[:] = 0
    return image
"""


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "theirs.py"
    path.write_text(FOREIGN)
    return lambda name: Condition(f"{path}:{name}", 3)


def test_foreign_corruptions_are_keyed_and_leave_the_global_generator_alone(foreign):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    a, b = (cond.apply(foreign("noisy"), IMAGE, "key", CAMERA, 1) for _ in range(2))
    np.testing.assert_array_equal(a, b)
    assert a.dtype == np.uint8
    assert (cond.apply(foreign("noisy"), IMAGE, "other", CAMERA, 1) != a).any()
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_foreign_corruptions_cannot_change_their_input(foreign):
    before = IMAGE.copy()
    cond.apply(foreign("greedy"), IMAGE, "key", CAMERA, 1)
    np.testing.assert_array_equal(IMAGE, before)


def test_foreign_corruptions_that_fail_are_named(foreign):
    with pytest.raises(DataError, match=r"broken failed on key at severity 3: KeyError"):
        cond.apply(foreign("broken"), IMAGE, "key", CAMERA, 1)
    with pytest.raises(DataError, match=r"must return a picture of shape \(36, 64, 3\), got \(35, 64, 3\)"):
        cond.apply(foreign("cropped"), IMAGE, "key", CAMERA, 1)
    with pytest.raises(ValueError, match="has no function absent; it has"):
        cond.conditions([foreign("absent").effect])


def test_a_foreign_corruptions_name_makes_a_file_name():
    assert Condition("some.module:fog", 2).name == "some.module.fog-2"
    assert Condition("dir/theirs.py:fog", 2).name == "dir_theirs.py.fog-2"
