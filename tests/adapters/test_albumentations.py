import inspect
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from picks import PICKS

import lightnoise as ln
from lightnoise import keyed
from lightnoise.transforms import Fixed

A = pytest.importorskip("albumentations")

from lightnoise.adapters import albumentations as adapter  # noqa: E402
from lightnoise.adapters.albumentations import Bloom, Gamma, Glare, LightNoise  # noqa: E402

CLASSES = (Bloom, Glare, Gamma, LightNoise)
NOISY = [ln.GammaParams(exposure_ev=-1.0, shot=0.01, read=1e-4, noise_seed=5)]

VARIED = {
    "bloom": Bloom(scatter=(0.05, 0.4), radius_deg=1.5, camera="tusimple", p=1),
    "glare": Glare(veil=(0.01, 0.1), blades=(5, 7), sun_azimuth_deg=(-20, 20), sun_elevation_deg=5, p=0.7),
    "gamma": Gamma(exposure_ev=(-2, 2), shot=(1e-4, 1e-2), camera=ln.Camera(fov_deg=70), damage_key="damage", p=1),
    "gamma_fixed_noise": Gamma(exposure_ev=(-2, 2), shot=1e-2, noise_seed=3, p=1),
    "presets": LightNoise(["low_sun", "tunnel_exit"], p=1),
    "severities": LightNoise(effects=("bloom", "gamma_under"), severity=(2, 4), p=1),
    "anything": LightNoise("low_sun", effects="glare", transform=ln.Chain([ln.Bloom(scatter=(0.1, 0.2))]), p=1),
}


def fixed(params, **kwargs):
    return LightNoise(transform=Fixed(params), **{"p": 1, **kwargs})


def drawn(transforms, frame, seed=1):
    """Return the params that the host itself recorded, one list for each transform."""
    pipeline = A.ReplayCompose(transforms)
    pipeline.set_random_seed(seed)
    return [recorded(one) for one in pipeline(image=frame)["replay"]["transforms"]]


def recorded(replay):
    params = replay["params"]
    params = params.get("params", params)  # albumentationsx keeps them one level deeper
    return [ln.params_from_dict(values) for values in params["light_noise"]]


@pytest.mark.parametrize("params", PICKS.values(), ids=PICKS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_same_picture_as_the_functional(params, dtype, frame):
    image = frame if dtype == np.uint8 else frame.astype(np.float32) / 255.0
    before = image.copy()
    out = A.Compose([fixed(params)])(image=image)["image"]
    np.testing.assert_array_equal(out, ln.chain(image, params))
    assert out.dtype == dtype
    np.testing.assert_array_equal(image, before)


def test_fixed_values_of_an_effect_are_its_params(frame):
    out = A.Compose([Glare(veil=0.1, starburst=0.3, blades=5, camera="culane", p=1)])(image=frame)["image"]
    params = ln.GlareParams(veil=0.1, starburst=0.3, blades=5)
    np.testing.assert_array_equal(out, ln.glare(frame, params, camera=ln.CAMERAS["culane"]))


@pytest.mark.parametrize("shape", [(72, 128), (72, 128, 1), (72, 128, 4)])
def test_grey_and_alpha(shape, frame):
    image = np.resize(frame, shape)
    out = A.Compose([fixed(NOISY)])(image=image)["image"]
    np.testing.assert_array_equal(out, ln.chain(image, NOISY))


@pytest.mark.parametrize("cls", CLASSES)
def test_half_of_the_samples_by_default(cls):
    assert cls().p == 0.5


def test_draws_vary_within_their_ranges(frame):
    scatters = [drawn([Bloom(scatter=(0.05, 0.4), p=1)], frame[:8, :8], seed)[0][0].scatter for seed in range(200)]
    assert min(scatters) >= 0.05
    assert max(scatters) <= 0.4
    # mean of 200 draws from U(0.05, 0.4): 4 standard errors
    assert np.mean(scatters) == pytest.approx(0.225, abs=4 * 0.35 / np.sqrt(12 * 200))


def test_seeded_by_compose(frame):
    def run(seed):
        pipeline = A.Compose([LightNoise(p=0.9), Gamma(exposure_ev=(-2, 2), p=0.9)], seed=seed)
        return [pipeline(image=frame)["image"].tobytes() for _ in range(4)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert len(set(run(7))) == 4


def test_two_effects_of_one_pipeline_draw_apart(frame):
    """Albumentations 2.0 gives every transform of a Compose the same seed."""
    [bloom], [glare] = drawn([Bloom(scatter=(0, 1), p=1), Glare(veil=(0, 0.9), p=1)], frame)
    assert bloom.scatter != pytest.approx(glare.veil / 0.9)


def test_one_of(frame):
    a, b = [ln.GammaParams(exposure_ev=1.0)], [ln.GammaParams(exposure_ev=-1.0)]
    pipeline = A.Compose([A.OneOf([fixed(a, p=0.5), fixed(b, p=0.5)], p=1)], seed=0)
    seen = {pipeline(image=frame)["image"].tobytes() for _ in range(20)}
    assert seen == {ln.chain(frame, a).tobytes(), ln.chain(frame, b).tobytes()}


def test_labels_pass_untouched(frame):
    mask = np.arange(frame[..., 0].size, dtype=np.int32).reshape(frame.shape[:2])
    boxes, points = np.array([[1.0, 2.0, 30.0, 40.0]]), np.array([[3.0, 4.0]])
    name = "format" if "format" in inspect.signature(A.BboxParams).parameters else "coord_format"
    pipeline = A.Compose(
        [A.HorizontalFlip(p=0), LightNoise(p=1), Bloom(scatter=0.2, p=1)],  # the flip is there to take boxes
        bbox_params=A.BboxParams(**{name: "pascal_voc", "label_fields": ["labels"]}),
        keypoint_params=A.KeypointParams(**{name: "xy"}),
    )
    out = pipeline(image=frame, mask=mask, masks=[mask, mask + 1], bboxes=boxes, labels=[4], keypoints=points)
    np.testing.assert_array_equal(out["mask"], mask)
    np.testing.assert_array_equal(out["masks"][1], mask + 1)
    np.testing.assert_allclose(out["bboxes"], boxes, rtol=1e-6)
    np.testing.assert_allclose(out["keypoints"], points)
    assert (out["image"] != frame).any()


def test_additional_targets_share_the_draw(frame):
    pipeline = A.Compose([LightNoise(p=1)], additional_targets={"right": "image", "lanes": "mask"})
    out = pipeline(image=frame, right=frame, mask=frame[..., 0], lanes=frame[..., 0])
    assert (out["image"] != frame).any()
    np.testing.assert_array_equal(out["right"], out["image"])
    np.testing.assert_array_equal(out["lanes"], frame[..., 0])


def test_frames_of_a_film_share_the_draw_but_not_the_noise(frame):
    film = np.stack([frame, frame, frame[:, ::-1]])
    params = [*PICKS["tunnel_exit"][:2], *NOISY]
    out = A.Compose([fixed(params)])(images=film)["images"]
    for number, image in enumerate(film):
        noisy = replace(NOISY[0], noise_seed=NOISY[0].noise_seed + number)
        np.testing.assert_array_equal(out[number], ln.chain(image, [*params[:2], noisy]))


def test_a_list_of_frames(frame):
    out = A.Compose([Bloom(scatter=(0.1, 0.3), p=1)])(images=[frame, frame])["images"]
    np.testing.assert_array_equal(out[0], out[1])
    assert (out[0] != frame).any()


def test_image_and_frames_of_one_sample_share_the_draw(frame):
    out = A.Compose([Bloom(scatter=(0.1, 0.3), p=1)])(image=frame, images=frame[None])
    np.testing.assert_array_equal(out["image"], out["images"][0])


def test_replay_through_json(frame):
    out = A.ReplayCompose([A.HorizontalFlip(), LightNoise(p=1), Gamma(exposure_ev=(-1, 1), p=0.5)])(image=frame)
    replay = json.loads(json.dumps(out["replay"]))
    np.testing.assert_array_equal(A.ReplayCompose.replay(replay, image=frame)["image"], out["image"])


def test_replay_tells_the_params(frame):
    out = A.ReplayCompose([LightNoise(p=1)])(image=frame)
    [one] = out["replay"]["transforms"]
    np.testing.assert_array_equal(ln.chain(frame, recorded(one)), out["image"])


def test_the_host_tells_what_was_applied(frame):
    pipeline = A.Compose([Bloom(scatter=(0.1, 0.3), p=1)], save_applied_params=True)
    out = pipeline(image=frame)
    [(_, told)] = out["applied_transforms"]
    # albumentationsx tells the arguments that give this draw, Albumentations the draw
    again = Bloom(**told) if "scatter" in told else fixed([ln.params_from_dict(told["light_noise"][0])])
    np.testing.assert_array_equal(A.Compose([again])(image=frame)["image"], out["image"])


def test_replay_of_a_skipped_transform_is_none(frame):
    out = A.ReplayCompose([LightNoise(p=0)])(image=frame)
    np.testing.assert_array_equal(A.ReplayCompose.replay(out["replay"], image=frame)["image"], frame)


@pytest.mark.parametrize("transform", VARIED.values(), ids=VARIED)
def test_serialisation_round_trip(transform, frame):
    def run(one):
        pipeline = A.Compose([one], seed=3)
        return [pipeline(image=frame)["image"].tobytes() for _ in range(3)]

    expected = run(transform)
    values = A.to_dict(transform)
    assert run(A.from_dict(json.loads(json.dumps(values)))) == expected
    for data_format in ("json", "yaml"):
        file = io.StringIO()
        A.save(A.Compose([transform]), file, data_format=data_format)
        file.seek(0)
        loaded = A.load(file, data_format=data_format)
        assert A.to_dict(loaded[0]) == values
        assert run(loaded[0]) == expected


def test_repr_builds_it_again():
    again = eval(repr(VARIED["bloom"]), {"Bloom": Bloom})
    assert A.to_dict(again) == A.to_dict(VARIED["bloom"])


def test_damage_is_written_beside_the_image(frame):
    params = PICKS["dirty_windscreen"]
    out = A.Compose([fixed(params, damage_key="damage")])(image=frame, mask=frame[..., 0])
    picture, damage = ln.chain(frame, params, return_damage=True)
    np.testing.assert_array_equal(out["image"], picture)
    np.testing.assert_array_equal(out["damage"], damage)
    np.testing.assert_array_equal(out["mask"], frame[..., 0])


def test_damage_adds_up_and_goes_with_the_image(frame):
    a, b = PICKS["dirty_windscreen"], [ln.GammaParams(exposure_ev=3.0)]
    steps = [fixed(a, damage_key="damage"), fixed(b, damage_key="damage"), A.HorizontalFlip(p=1)]
    clean = np.zeros(frame.shape[:2], np.float32)
    pipeline = A.Compose(steps, additional_targets={"damage": "mask"})
    out = pipeline(image=frame, mask=frame[..., 0], damage=clean)  # albumentationsx wants a mask for a target like it
    first, da = ln.chain(frame, a, return_damage=True)
    _, db = ln.chain(first, b, return_damage=True)
    np.testing.assert_allclose(out["damage"][:, ::-1], 1.0 - (1.0 - da) * (1.0 - db), atol=1e-6)
    assert out["damage"].max() == 1.0
    assert clean.max() == 0.0


def test_damage_handed_in_is_there_when_the_transform_is_skipped(frame):
    out = A.Compose([Bloom(scatter=0.2, damage_key="damage", p=0)])(image=frame, damage=np.zeros((72, 128), np.float32))
    assert out["damage"].max() == 0.0


def test_damage_of_frames(frame):
    out = A.Compose([fixed(PICKS["bloom_5"], damage_key="damage")])(images=np.stack([frame, frame[::-1]]))
    _, damage = ln.chain(frame[::-1], PICKS["bloom_5"], return_damage=True)
    assert out["damage"].shape == (2, 72, 128)
    np.testing.assert_array_equal(out["damage"][1], damage)


def test_replay_writes_the_damage(frame):
    out = A.ReplayCompose([LightNoise("dirty_windscreen", p=1, damage_key="damage")])(image=frame)
    again = A.ReplayCompose.replay(out["replay"], image=frame)
    np.testing.assert_array_equal(again["damage"], out["damage"])


def test_keyed_pipelines_draw_from_the_generator_alone(frame):
    """The host's transforms, too: a flip, and which of several is taken."""
    pipeline = A.Compose([A.HorizontalFlip(), A.OneOf([LightNoise(), Gamma(exposure_ev=(-2, 2))], p=0.9)])
    run = adapter.keyed(pipeline)

    def pictures(order):
        return {item: run({"image": frame}, keyed.generator(7, item))["image"].tobytes() for item in order}

    expected = pictures(range(8))
    assert pictures(reversed(range(8))) == expected
    assert len(set(expected.values())) == 8
    flipped = [run({"image": frame}, keyed.generator(1, item)) for item in range(2)]
    assert all(set(one) == {"image"} for one in flipped)


def test_keyed_transforms_toss_coins_of_their_own():
    """Reseeding every transform with one number would apply all of them or none."""
    run = adapter.keyed(A.Compose([Gamma(exposure_ev=1.0), A.InvertImg()]))
    grey = np.full((8, 8, 3), 100, np.uint8)
    seen = {int(run({"image": grey}, keyed.generator(0, item))["image"][0, 0, 0]) for item in range(60)}
    light = int(ln.chain(grey, [ln.GammaParams(exposure_ev=1.0)])[0, 0, 0])
    assert seen == {100, light, 255 - 100, 255 - light}


def test_keyed_wants_a_dictionary(frame):
    with pytest.raises(TypeError, match=r"the sample must be a dictionary .* got tuple"):
        adapter.keyed(A.Compose([LightNoise()]))((frame, 1), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda f: {"image": f.astype(np.int64)}, TypeError, "dtype must be uint8, .*; got int64"),
        (lambda f: {"image": f.astype(np.float32)}, ValueError, r"in \[0, 1\]; got \[0, 255\]; divide by 255"),
        (lambda f: {"image": np.full((8, 8, 3), np.nan, np.float32)}, ValueError, r"finite .* got \[nan, nan\]"),
        (lambda f: {"image": f.transpose(2, 0, 1)}, ValueError, r"\(3, 72, 128\); channels come last"),
        (lambda f: {"images": f[None].transpose(0, 3, 1, 2)}, ValueError, r"\(3, 72, 128\); channels come last"),
        (lambda f: {"images": f[None][:0]}, ValueError, r"at least one frame .* got \(0, 72, 128, 3\)"),
        (lambda f: {"image": f[:0]}, ValueError, r"non-empty .* got shape \(0, 128, 3\)"),
        (lambda f: {"image": np.zeros((8, 8, 5), np.uint8)}, ValueError, r"got shape \(8, 8, 5\)"),
    ],
)
def test_bad_pictures_are_named(bad, error, message, frame):
    with pytest.raises(error, match=message):
        A.Compose([Bloom(scatter=0.1, p=1)])(**bad(frame))


def test_a_picture_that_is_no_array_is_named():
    with pytest.raises(TypeError, match=r"image must be a numpy array .* got list"):
        Bloom(scatter=0.1, p=1)(image=[[1, 2]])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Bloom(scatter=1.5), r"scatter must be in \[0, 1\], got 1.5"),
        (lambda: Bloom(scatter=(0.4, 0.1)), "low ≤ high"),
        (lambda: Glare(sun_azimuth_deg=3), "must be given together"),
        (lambda: Gamma(gamma=0), r"gamma must be in \[0.1, 10\], got 0"),
        (lambda: LightNoise("nowhere"), "preset must be one of"),
        (lambda: Bloom(p=2), "p"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_misspelt_arguments_are_refused():
    with pytest.raises(TypeError, match="scater"):
        Bloom(scater=0.1)
