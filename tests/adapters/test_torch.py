"""Batched torch against the functional layer: the same params make the same picture."""

import doctest
import pickle
from pathlib import Path

import cv2
import naive
import numpy as np
import pytest

import lightnoise as ln
from lightnoise import scenes
from lightnoise.functional.chain import _damage, one_of_each, render_plainly
from lightnoise.functional.grid import grid_of_level, shaped_level
from lightnoise.functional.reflections import ghosts_by_octave
from lightnoise.optics import response as curves

torch = pytest.importorskip("torch")
import lightnoise.adapters.torch as adapter  # noqa: E402
from lightnoise.adapters.torch import bloom, chain, gamma, glare, prepare, render, response, sensor  # noqa: E402

DATA = Path(__file__).parents[3] / "shared" / "data"
FRAMES = [
    *sorted((DATA / "driving" / "night").glob("*.jpg"))[:1],
    *sorted((DATA / "driving" / "day").glob("*.jpg"))[:1],
    *sorted((DATA / "tusimple").rglob("*.jpg"))[:1],
]

SIZE = (72, 128)
SUN = {"sun_azimuth_deg": 12.0, "sun_elevation_deg": 6.0}
NOISE = {"shot": 2e-3, "read": 1e-5, "noise_seed": 2**32 - 5}

CASES = {
    "moffat": [ln.BloomParams(scatter=0.3, radius_deg=2.0)],
    "pixel": [ln.BloomParams(scatter=0.4, radius_deg=0.02)],
    "photopic": [ln.BloomParams(scatter=0.3, psf="spencer_photopic")],
    "scotopic": [ln.BloomParams(scatter=0.3, psf="spencer_scotopic")],
    "harvey": [ln.GlareParams(veil=0.1)],
    "cie": [ln.GlareParams(veil=0.04, veil_psf="cie")],
    "round": [ln.GlareParams(starburst=0.4, blades=0)],
    "spikes": [ln.GlareParams(starburst=0.4, blades=5, rotation_deg=20.0)],
    "halo": [ln.BloomParams(scatter=0.3, psf="spencer_mesopic"), ln.GlareParams(starburst=0.3)],
    "ghosts": [ln.GlareParams(ghosts=0.01, blades=5, rotation_deg=20.0)],
    "sun": [ln.BloomParams(scatter=0.02), ln.GlareParams(veil=0.05, starburst=0.3, ghosts=1e-3, **SUN)],
    "sun beside": [ln.GlareParams(veil=0.05, starburst=0.3, sun_azimuth_deg=-70.0, sun_elevation_deg=10.0)],
    "sun behind": [ln.GlareParams(veil=0.05, ghosts=1e-3, sun_azimuth_deg=170.0, sun_elevation_deg=10.0)],
    "over": [ln.GammaParams(exposure_ev=1.5)],
    "under": [ln.GammaParams(exposure_ev=-2.0, gamma=1.2)],
    "tone": [ln.GammaParams(gamma=0.5)],
    "noise": [ln.GammaParams(exposure_ev=-1.0, **NOISE)],
    "everything": [
        ln.BloomParams(scatter=0.1, radius_deg=1.0),
        ln.GlareParams(veil=0.03, starburst=0.3, ghosts=1e-3, blades=7, **SUN),
        ln.GammaParams(exposure_ev=0.7, gamma=1.3, **NOISE),
    ],
    **{f"{effect} {level}": [ln.severity(effect, level)] for effect in ln.EFFECTS for level in range(1, 6)},
    **{name: ln.preset(name).sample(np.random.default_rng(3), (*SIZE, 3)) for name in ln.PRESETS},
}

CAMERAS = {
    "wide": ln.Camera(fov_deg=120.0, f_number=8.0),
    "no recovery": ln.Camera(highlight_gain=1.0),
    "squashed": ln.Camera(pixel_aspect=16 / 9),
    "stretched": ln.Camera(pixel_aspect=0.6),
    "blooming": ln.Camera(full_well=1.5, column_blooming=0.7),
    "linear": ln.Camera(response="linear"),
    "power": ln.Camera(response="power:2.2"),
    "curve": ln.Camera(response="scurve:0.6"),
    "smoothstep": ln.Camera(response="scurve:1.0"),
}


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def night(height, width, seed=7):
    """Return a night street (H, W, 3), float32 as of 8 bits; the middle of one for a small picture."""
    whole = max(height, SIZE[0]), max(width, SIZE[1])
    picture = scenes.render("night", np.random.default_rng(seed), whole).image
    top, left = (whole[0] - height) // 2, (whole[1] - width) // 2
    return (picture[top : top + height, left : left + width] / 255.0).astype(np.float32)


def tensor(*images):
    return torch.from_numpy(np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2)))


def array(images):
    return images.permute(0, 2, 3, 1).numpy()


def plainly(image, params, camera):
    """Return picture and damage from the functional layer's plain way."""
    effects = one_of_each(params)
    if all(effect.is_identity for effect in effects):
        return image, np.zeros(image.shape[:2], np.float32)
    result, share = render_plainly(image, effects, camera)
    return result, _damage(image, result, share)


def assert_same(image, params, camera):
    """Within a fiftieth of a shade: what is left is float32's rounding, after a gain of a thousand."""
    expected, expected_damage = plainly(image, params, camera)
    got, damage = chain(tensor(image), params, camera=camera, return_damage=True)
    np.testing.assert_allclose(array(got)[0], expected, atol=0.02 / 255)
    # a clipped pixel may be a rounding away from white or black
    differs = np.abs(damage[0].numpy() - expected_damage) > 1e-3
    assert differs.mean() <= 1e-3
    return got


@pytest.mark.parametrize("name", CASES)
def test_same_picture(name):
    assert_same(night(*SIZE), CASES[name], ln.Camera())


@pytest.mark.parametrize("added_sun", [{}, SUN], ids=["lamps", "sun"])
def test_same_ghosts_on_two_levels(added_sun):
    """In a frame as wide as a camera's, the large ones are drawn on the coarser."""
    grid = grid_of_level(360, 640, ln.Camera(), shaped_level(360, 640, ln.Camera()))
    assert set(ghosts_by_octave(ln.Camera().f_number, grid)) == {0, 1}
    assert_same(night(360, 640), [ln.GlareParams(veil=0.01, ghosts=0.02, blades=7, **added_sun)], ln.Camera())


def test_same_sun_over_a_near_white_lamp():
    image = night(*SIZE)
    image[20:45, 70:95] = 250 / 255
    for strength in (1e-4, 1e-3, 1.0):
        assert_same(image, [ln.GlareParams(veil=0.05, sun_strength=strength, **SUN)], ln.Camera())


@pytest.mark.parametrize("name", CAMERAS)
def test_same_picture_of_every_camera(name):
    assert_same(night(*SIZE), CASES["everything"], CAMERAS[name])
    assert_same(night(*SIZE), CASES["under"], CAMERAS[name])


@pytest.mark.parametrize("size", [(1, 1), (5, 1), (2, 3), (9, 16), (61, 97), (200, 400), (201, 403)], ids=str)
def test_same_picture_at_every_size(size):
    for name in ("everything", "halo", "pixel"):
        assert_same(night(*size), CASES[name], ln.Camera())


@pytest.mark.parametrize("name", ["everything", "halo", "under"])
def test_grey_images(name):
    grey = night(*SIZE).mean(axis=2, keepdims=True)
    assert assert_same(grey, CASES[name], ln.Camera()).shape == (1, 1, *SIZE)


@pytest.mark.skipif(len(FRAMES) < 3, reason="no real frames in ../shared/data")
@pytest.mark.parametrize("number", range(len(ln.PRESETS) + len(ln.EFFECTS)))
def test_real_frames_as_8_bits(number):
    """The functional layer's fast way on bytes, which rounds twice, against floats rounded once."""
    picture = cv2.cvtColor(cv2.imread(str(FRAMES[number % 3])), cv2.COLOR_BGR2RGB)
    picture = cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA)
    names = [*ln.PRESETS, *ln.EFFECTS]
    if number < len(ln.PRESETS):
        params = ln.preset(names[number]).sample(np.random.default_rng(number), picture.shape)
    else:
        params = [ln.severity(names[number], 4)]
    camera = ln.CAMERAS["tusimple"]
    expected = ln.chain(picture, params, camera=camera)
    got = array(chain(tensor((picture / 255.0).astype(np.float32)), params, camera=camera))[0]
    difference = np.abs(np.round(got * 255.0) - expected)
    assert np.quantile(difference, 0.999) <= 1.0


def test_own_params_for_each_sample():
    """Mixed effects in one batch, skipped draws among them, give what each gives alone."""
    names = ["everything", "tone", "spikes", "ghosts", "noise", "sun beside", "scotopic", "over", "low_sun"]
    images = tensor(*(night(*SIZE, seed) for seed in range(len(names) + 1)))
    params = [*(CASES[name] for name in names), []]
    together, damage = chain(images, params, return_damage=True)
    for i, own in enumerate(params):
        alone, alone_damage = chain(images[i : i + 1], own, return_damage=True)
        torch.testing.assert_close(together[i], alone[0], atol=0.005 / 255, rtol=0.0)
        assert (torch.abs(damage[i] - alone_damage[0]) > 1e-3).float().mean() <= 1e-3, names[i]
    assert torch.equal(together[-1], images[-1])
    assert not damage[-1].any()


def test_params_for_all_are_the_same_as_for_each():
    images = tensor(night(*SIZE, 1), night(*SIZE, 2))
    shared = chain(images, CASES["everything"])
    torch.testing.assert_close(shared, chain(images, [CASES["everything"]] * 2), atol=1e-6, rtol=0.0)
    single = ln.BloomParams(scatter=0.2)
    torch.testing.assert_close(chain(images, single), chain(images, [single]), atol=0.0, rtol=0.0)
    torch.testing.assert_close(chain(images, [[single], single]), chain(images, single), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (bloom, ln.BloomParams(scatter=0.2), ln.BloomParams(scatter=0.1, radius_deg=3.0)),
        (glare, ln.GlareParams(veil=0.1), ln.GlareParams(starburst=0.3)),
        (gamma, ln.GammaParams(gamma=1.3), ln.GammaParams(exposure_ev=1.0)),
    ],
    ids=["bloom", "glare", "gamma"],
)
def test_single_effects(function, first, second):
    images = tensor(night(*SIZE, 1), night(*SIZE, 2))
    torch.testing.assert_close(function(images, first), chain(images, [first]))
    torch.testing.assert_close(function(images, [first, second]), chain(images, [[first], [second]]))


def test_identity_is_bit_for_bit():
    images = torch.rand(2, 3, *SIZE, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for params in ([], ln.BloomParams(), [ln.BloomParams(), ln.GlareParams(), ln.GammaParams()]):
        result, damage = chain(images, params, return_damage=True)
        assert torch.equal(result, images)
        assert result.data_ptr() != images.data_ptr()
        assert not damage.any()


def test_input_is_not_modified_and_any_layout_serves():
    images = tensor(night(*SIZE, 1), night(*SIZE, 2))
    kept = images.clone()
    result = chain(images, CASES["everything"])
    assert torch.equal(images, kept)
    for other in (images.contiguous(memory_format=torch.channels_last), images.flip(3).flip(3)):
        torch.testing.assert_close(chain(other, CASES["everything"]), result, atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_narrow_floats(dtype):
    """Only the input and the output are rounded: everything between is float32."""
    images = tensor(night(*SIZE, 1), night(*SIZE, 2)).to(dtype)
    for params in (CASES["everything"], CASES["tone"]):
        result = chain(images, params)
        assert result.dtype == dtype
        torch.testing.assert_close(result, chain(images.float(), params).to(dtype), atol=0.0, rtol=0.0)


def test_autocast_changes_nothing():
    images = tensor(night(*SIZE))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = chain(images, CASES["everything"])
    assert torch.equal(got, chain(images, CASES["everything"]))


def test_noise_is_the_sensors_own():
    """Counter-based, so not only alike in distribution: sample by sample the same as numba's."""
    camera = ln.Camera(response="linear", highlight_gain=1.0)
    image = np.full((*SIZE, 3), 0.4, np.float32)
    params = ln.GammaParams(shot=4e-3, read=1e-4, noise_seed=4_000_000_000)
    expected = ln.gamma(image, params, camera=camera)
    assert 0.03 < expected.std() < 0.05
    np.testing.assert_allclose(array(gamma(tensor(image), params, camera=camera))[0], expected, atol=3e-7)


def test_columns_bloom_like_the_walk_along_them():
    camera = ln.Camera(response="linear", highlight_gain=1e5, full_well=1.0, column_blooming=0.9)
    rng = np.random.default_rng(4)
    charge = (rng.random((1, 1, 60, 7)) ** 6 * 3.0).astype(np.float32)
    charge[0, 0, 20, 3] = 1e5
    well, fraction = (torch.tensor(v) for v in (camera.full_well, camera.column_blooming))
    got = sensor.spill(torch.from_numpy(charge), well, fraction)
    expected = np.stack([naive.spill_column(charge[0, 0, :, x], 1.0, 0.9) for x in range(7)], axis=1)
    np.testing.assert_allclose(got[0, 0].numpy(), expected, atol=1e-6)


def test_plans_travel():
    """A plan made in a worker is pickled and moved."""
    images = tensor(night(*SIZE, 1), night(*SIZE, 2))
    params = [CASES["everything"], CASES["sun"]]
    plan = prepare(params, height=SIZE[0], width=SIZE[1])
    moved = pickle.loads(pickle.dumps(plan)).to("cpu")
    assert torch.equal(render(images, moved), chain(images, params))
    assert moved.device == torch.device("cpu")


@pytest.mark.parametrize("name", ["srgb", "linear", "power:2.2", "scurve:0.6", "scurve:1.0"])
def test_responses(name):
    """The functional layer's curves; white stays white exactly, since that is what tells clipped pixels."""
    parsed = curves.parse_response(name)
    codes = np.linspace(0.0, 1.0, 4097, dtype=np.float32)
    light = response.decode(torch.from_numpy(codes), parsed)
    np.testing.assert_allclose(light.numpy(), curves.decode(codes, name), rtol=2e-6, atol=2e-7)
    np.testing.assert_allclose(response.encode(light, parsed).numpy(), codes, atol=2e-6)
    for value in (0.0, 1.0):
        assert response.decode(torch.tensor([value]), parsed).item() == value
        assert response.encode(torch.tensor([value]), parsed).item() == value
    assert response.encode(torch.tensor([7.0]), parsed).item() == 1.0


def test_the_packages_examples_hold():
    assert doctest.testmod(adapter).attempted > 5
    assert doctest.testmod(adapter).failed == 0
