import pickle
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from picks import PICKS

import lightnoise as ln
from lightnoise import keyed
from lightnoise.transforms import Fixed

torch = pytest.importorskip("torch")
pytest.importorskip("torchvision")

from torchvision import tv_tensors  # noqa: E402
from torchvision.transforms import v2  # noqa: E402

from lightnoise.adapters import torchvision as adapter  # noqa: E402
from lightnoise.adapters.torchvision import Bloom, DamageMap, Gamma, Glare, LightNoise  # noqa: E402

NOISY = [ln.GammaParams(exposure_ev=-1.0, shot=0.01, read=1e-4, noise_seed=5)]


@pytest.fixture(scope="module")
def chw(frame):
    return torch.from_numpy(frame.copy()).permute(2, 0, 1).contiguous()


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def fixed(params, **kwargs):
    return LightNoise(transform=Fixed(params), **kwargs)


def hwc(tensor):
    return tensor.as_subclass(torch.Tensor).movedim(-3, -1).numpy()


@pytest.mark.parametrize("params", PICKS.values(), ids=PICKS)
@pytest.mark.parametrize("scale", [False, True], ids=["uint8", "float32"])
def test_same_picture_as_the_functional(params, scale, frame, chw):
    image, tensor = (frame.astype(np.float32) / 255.0, chw / 255.0) if scale else (frame, chw)
    before = tensor.clone()
    out = v2.Compose([fixed(params)])(tensor)
    np.testing.assert_array_equal(hwc(out), ln.chain(image, params))
    assert out.dtype == tensor.dtype
    assert torch.equal(tensor, before)


@pytest.mark.parametrize("wrap", [tv_tensors.Image, torch.Tensor.clone])
@pytest.mark.parametrize("channels_last", [False, True])
def test_tensors_keep_type_and_layout(wrap, channels_last, frame, chw):
    tensor = wrap(chw.permute(1, 2, 0).contiguous().permute(2, 0, 1) if channels_last else chw)
    out = fixed(NOISY)(tensor)
    assert type(out) is type(tensor)
    assert out.stride() == tensor.stride()
    np.testing.assert_array_equal(hwc(out), ln.chain(frame, NOISY))


@pytest.mark.parametrize(("mode", "shape"), [("RGB", (72, 128, 3)), ("L", (72, 128)), ("RGBA", (72, 128, 4))])
def test_pil_images(mode, shape, frame):
    pixels = np.resize(frame, shape)
    out = fixed(NOISY)(PIL.Image.fromarray(pixels))
    assert out.mode == mode
    np.testing.assert_array_equal(np.asarray(out), ln.chain(pixels, NOISY))


@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_alpha_tensors(channels, frame):
    pixels = np.resize(frame, (72, 128, channels))
    out = fixed(NOISY)(torch.from_numpy(pixels).permute(2, 0, 1).contiguous())
    np.testing.assert_array_equal(hwc(out), ln.chain(pixels, NOISY))


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [(torch.float64, 0), (torch.float16, 2.0**-11), (torch.bfloat16, 2.0**-8)],
)
def test_other_floats(dtype, tolerance, chw):
    tensor = (chw / 255.0).to(dtype)
    out = fixed(PICKS["tunnel_exit"])(tensor)
    assert out.dtype == dtype
    wide = hwc(tensor.double()) if dtype == torch.float64 else hwc(tensor.float())
    np.testing.assert_allclose(hwc(out.double()), ln.chain(wide, PICKS["tunnel_exit"]), atol=tolerance)


def test_sixteen_bits(frame):
    pixels = frame.astype(np.uint16) * 257
    out = fixed(PICKS["bloom_5"])(torch.from_numpy(pixels).permute(2, 0, 1))
    np.testing.assert_array_equal(hwc(out), ln.chain(pixels, PICKS["bloom_5"]))


def test_frames_of_a_film_share_the_draw_but_not_the_noise(frame, chw):
    params = [*PICKS["tunnel_exit"][:2], *NOISY]
    film = tv_tensors.Video(torch.stack([chw, chw, chw.flip(-1)]))
    out = fixed(params)(film)
    assert type(out) is tv_tensors.Video
    for number in range(3):
        noisy = replace(NOISY[0], noise_seed=NOISY[0].noise_seed + number)
        np.testing.assert_array_equal(hwc(out[number]), ln.chain(hwc(film[number]), [*params[:2], noisy]))


def test_structures_and_labels(frame, chw):
    """One draw for every image of a dictionary of lists and tuples; all else is the same object."""
    others = {
        "mask": tv_tensors.Mask(chw[0]),
        "boxes": tv_tensors.BoundingBoxes([[1, 2, 30, 40]], format="XYXY", canvas_size=(72, 128)),
        "speed": torch.tensor([3.0]),
        "name": "a",
    }
    sample = {"images": [tv_tensors.Image(chw), (PIL.Image.fromarray(frame), tv_tensors.Image(chw))], **others}
    out = v2.Compose([LightNoise(presets=("low_sun", "dirty_windscreen"))])(sample)
    left, (pil, right) = out["images"]
    assert (left != chw).any()
    assert torch.equal(left, right)
    np.testing.assert_array_equal(hwc(left), np.asarray(pil))
    assert all(out[name] is value for name, value in others.items())


def test_an_image_and_its_label(chw):
    out, label = Bloom(scatter=0.3)(tv_tensors.Image(chw), 4)
    assert (out != chw).any()
    assert label == 4


def test_plain_tensors_by_the_hosts_rule(chw):
    """The first is the image, unless the sample holds another image."""
    bright = Gamma(exposure_ev=1.0)
    first, second = bright((chw, chw))
    assert (first != chw).any()
    assert second is chw
    image, plain = bright((tv_tensors.Image(chw), chw))
    assert (image != chw).any()
    assert plain is chw


def test_draws_vary_within_their_ranges(chw):
    transform = Bloom(scatter=(0.05, 0.4))
    scatters = [transform.make_params([chw])["light_noise"][0].scatter for _ in range(200)]
    assert min(scatters) >= 0.05
    assert max(scatters) <= 0.4
    assert np.mean(scatters) == pytest.approx(0.225, abs=4 * 0.35 / np.sqrt(12 * 200))


def test_probability(chw):
    transform = Gamma(exposure_ev=1.0, p=0.25)
    applied = sum(transform(chw) is not chw for _ in range(400))
    assert applied == pytest.approx(100, abs=4 * np.sqrt(400 * 0.25 * 0.75))


def test_seeded_by_torch(chw):
    pipeline = v2.Compose([LightNoise(p=0.9), v2.RandomApply([Gamma(exposure_ev=(-2, 2))], p=0.9)])

    def run(seed):
        torch.manual_seed(seed)
        return [pipeline(chw).numpy().tobytes() for _ in range(4)]

    assert run(7) == run(7)
    assert run(7) != run(8)
    assert len(set(run(7))) == 4


def test_random_choice_and_random_apply(frame, chw):
    a, b = [ln.GammaParams(exposure_ev=1.0)], [ln.GammaParams(exposure_ev=-1.0)]
    pipeline = v2.RandomApply([v2.RandomChoice([fixed(a), fixed(b)])], p=0.7)
    seen = {hwc(pipeline(chw)).tobytes() for _ in range(40)}
    assert seen == {frame.tobytes(), ln.chain(frame, a).tobytes(), ln.chain(frame, b).tobytes()}


@pytest.mark.parametrize(
    "transform",
    [
        Bloom(scatter=(0.05, 0.4), camera="tusimple"),
        Glare(veil=(0.01, 0.1), blades=(5, 7), sun_azimuth_deg=(-20, 20), sun_elevation_deg=5, p=0.7),
        Gamma(exposure_ev=(-2, 2), shot=(1e-4, 1e-2), camera={"fov_deg": 70}),
        LightNoise(["low_sun", "tunnel_exit"], effects="glare"),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_pickled_transforms_draw_the_same(transform, chw):
    def run(one):
        torch.manual_seed(1)
        return [one(chw).numpy().tobytes() for _ in range(3)]

    assert run(pickle.loads(pickle.dumps(transform))) == run(transform)


def test_repr_shows_the_ranges():
    assert "scatter=(0.05, 0.4)" in repr(Bloom(scatter=(0.05, 0.4)))
    assert "glare" in repr(LightNoise(effects="glare")).lower()


def test_damage_is_written_into_the_map(frame, chw):
    params = PICKS["dirty_windscreen"]
    sample = {"damage": DamageMap.zeros_like(chw), "image": tv_tensors.Image(chw)}
    out = fixed(params)(sample)
    picture, damage = ln.chain(frame, params, return_damage=True)
    np.testing.assert_array_equal(hwc(out["image"]), picture)
    np.testing.assert_array_equal(out["damage"].numpy(), damage)
    assert type(out["damage"]) is DamageMap
    assert sample["damage"].max() == 0.0


def test_damage_adds_up_and_goes_with_the_image(frame, chw):
    a, b = PICKS["dirty_windscreen"], [ln.GammaParams(exposure_ev=3.0)]
    pipeline = v2.Compose([fixed(a), fixed(b), v2.RandomHorizontalFlip(p=1), v2.CenterCrop((40, 60))])
    _, out = pipeline(tv_tensors.Image(chw), DamageMap.zeros_like(chw))
    first, da = ln.chain(frame, a, return_damage=True)
    _, db = ln.chain(first, b, return_damage=True)
    total = (1.0 - (1.0 - da) * (1.0 - db))[:, ::-1][16:56, 34:94]
    np.testing.assert_allclose(out.numpy(), total, atol=1e-6)
    assert type(out) is DamageMap


def test_damage_of_pil_images_and_films(frame, chw):
    picture = PIL.Image.fromarray(frame)
    _, damage = fixed(PICKS["bloom_5"])(picture, DamageMap.zeros_like(picture))
    _, expected = ln.chain(frame, PICKS["bloom_5"], return_damage=True)
    np.testing.assert_array_equal(damage.numpy(), expected)
    film = tv_tensors.Video(torch.stack([chw.flip(-1), chw]))
    _, damages = fixed(PICKS["bloom_5"])(film, DamageMap.zeros_like(film))
    np.testing.assert_array_equal(damages[1].numpy(), expected)


def test_no_damage_where_nothing_was_done(chw):
    _, damage = Bloom(scatter=0.3, p=0.0)(chw, DamageMap.zeros_like(chw))
    assert damage.max() == 0.0


def test_keyed_pipelines_draw_from_the_generator_alone(chw):
    run = adapter.keyed(v2.Compose([v2.RandomHorizontalFlip(), v2.RandomChoice([LightNoise(), Gamma(gamma=(0.5, 2))])]))

    def pictures(order):
        return {item: run(chw, keyed.generator(7, item)).numpy().tobytes() for item in order}

    before = torch.get_rng_state()
    expected = pictures(range(8))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(99)
    assert pictures(reversed(range(8))) == expected
    assert len(set(expected.values())) == 8


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda t: t.long(), TypeError, "dtype must be uint8, .*; got torch.int64"),
        (lambda t: t > 0, TypeError, "got torch.bool"),
        (lambda t: t.float(), ValueError, r"in \[0, 1\]; got \[0, 255\]; divide by 255"),
        (lambda t: t.float() * float("nan"), ValueError, r"finite .* got \[nan, nan\]"),
        (lambda t: t.permute(1, 2, 0), ValueError, r"got shape \(72, 128, 3\); channels come before"),
        (lambda t: t[0], ValueError, r"\(..., C, H, W\) .* got shape \(72, 128\)"),
        (lambda t: t[None][:0], ValueError, r"non-empty .* got shape \(0, 3, 72, 128\)"),
        (lambda t: (t / 255).requires_grad_(), ValueError, "without gradient, .*lightnoise.adapters.torch"),
        (lambda t: torch.empty(3, 8, 8, device="meta"), ValueError, "on the CPU .* got one on meta"),
        (lambda t: PIL.Image.new("P", (8, 8)), ValueError, r"mode L, RGB, .* got P: convert\(\"RGB\"\)"),
        (lambda t: (t, DamageMap(torch.zeros(8, 8))), ValueError, r"image's size \(72, 128\), got \(8, 8\)"),
        (lambda t: {"damage": DamageMap(torch.zeros(8, 8))}, ValueError, "needs an image in the same sample"),
    ],
)
def test_bad_pictures_are_named(bad, error, message, chw):
    with pytest.raises(error, match=message):
        Bloom(scatter=0.1)(bad(chw))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Bloom(scatter=1.5), r"scatter must be in \[0, 1\], got 1.5"),
        (lambda: Glare(sun_azimuth_deg=3), "must be given together"),
        (lambda: LightNoise("nowhere"), "preset must be one of"),
        (lambda: LightNoise(p=1.5), r"p must be in \[0, 1\], got 1.5"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()
