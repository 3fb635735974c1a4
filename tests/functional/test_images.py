"""Every kind of image goes in and comes out as the same kind."""

import naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lightnoise as ln

LENS = [ln.BloomParams(scatter=0.2, radius_deg=1.5), ln.GlareParams(veil=0.05, starburst=0.05, ghosts=0.001)]
RADIAL = [
    ln.BloomParams(scatter=0.2, radius_deg=1.5),
    ln.GlareParams(veil=0.05),
    ln.GammaParams(gamma=1.2, exposure_ev=0.3),
]
EVERYTHING = [
    ln.BloomParams(scatter=0.2, psf="spencer_mesopic"),
    ln.GlareParams(veil=0.05, starburst=0.05, ghosts=0.001, sun_azimuth_deg=5.0, sun_elevation_deg=3.0),
    ln.GammaParams(gamma=0.9, exposure_ev=-0.5, shot=1e-3, read=1e-5, noise_seed=8),
]
DTYPES = [np.uint8, np.uint16, np.float32, np.float64]
SHAPES = [(1, 1), (13, 21), (1, 7, 1), (24, 32, 3), (24, 32, 4), (9, 2, 3), (5, 3, 4), (31, 17, 1)]


def random_image(shape, dtype, seed, bright=0.1):
    rng = np.random.default_rng(seed)
    values = np.minimum(rng.random(shape) + (rng.random((*shape[:2], *(1 for _ in shape[2:]))) < bright), 1.0)
    return (
        (values * np.iinfo(dtype).max + 0.5).astype(dtype) if np.issubdtype(dtype, np.integer) else values.astype(dtype)
    )


@given(
    shape=st.sampled_from(SHAPES),
    dtype=st.sampled_from(DTYPES),
    params=st.sampled_from([LENS, RADIAL, EVERYTHING, EVERYTHING[2:]]),
    gain=st.sampled_from([1.0, 1000.0]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40)
def test_shape_dtype_and_input_are_kept(shape, dtype, params, gain, seed):
    image = random_image(shape, dtype, seed)
    before = image.copy()
    image.flags.writeable = False
    camera = ln.Camera(highlight_gain=gain)
    out = ln.chain(image, params, camera=camera)
    assert out.shape == shape
    assert out.dtype == dtype
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= (1.0 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(out, ln.chain(image, params, camera=camera))
    assert not np.shares_memory(out, image)
    if len(shape) == 3 and shape[2] == 4:
        np.testing.assert_array_equal(out[..., 3], image[..., 3])
        np.testing.assert_array_equal(out[..., :3], ln.chain(image[..., :3], params, camera=camera))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("gain", [1.0, 1000.0])
def test_grey_is_colour_of_equal_channels(dtype, gain):
    grey = random_image((45, 60), dtype, 3, bright=0.02)
    camera = ln.Camera(highlight_gain=gain)
    plane = ln.chain(grey, RADIAL, camera=camera)
    color = ln.chain(np.repeat(grey[..., None], 3, axis=2), RADIAL, camera=camera)
    np.testing.assert_array_equal(plane, ln.chain(grey[..., None], RADIAL, camera=camera)[..., 0])
    tolerance = {np.uint8: 1, np.uint16: 8}.get(dtype, 1e-4)
    for channel in range(3):
        np.testing.assert_allclose(color[..., channel].astype(float), plane.astype(float), atol=tolerance)


@pytest.mark.parametrize("params", [LENS, RADIAL, EVERYTHING], ids=["lens", "radial", "everything"])
@pytest.mark.parametrize("gain", [1.0, 1000.0])
def test_dtypes_agree_within_rounding(params, gain):
    image = random_image((45, 60, 3), np.uint8, 4, bright=0.02)
    camera = ln.Camera(highlight_gain=gain)
    codes = ln.chain(image, params, camera=camera).astype(float)
    fine = ln.chain(image.astype(np.uint16) * np.uint16(257), params, camera=camera) / 257.0
    floats = 255.0 * ln.chain(image / np.float32(255), params, camera=camera).astype(float)
    doubles = 255.0 * ln.chain(image / 255.0, params, camera=camera)
    np.testing.assert_allclose(codes, floats, atol=0.51)
    np.testing.assert_allclose(fine, floats, atol=0.01)
    np.testing.assert_allclose(doubles, floats, atol=0.01)


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::2, ::2],
        lambda a: a[::-1, ::-1],
        lambda a: a[..., ::-1],
        np.asfortranarray,
        lambda a: a.transpose(1, 0, 2),
        lambda a: a[:, :, 1],
        lambda a: a.astype(a.dtype.newbyteorder()),
    ],
    ids=["steps", "turned", "BGR", "fortran", "transposed", "plane", "byte order"],
)
def test_layout_in_memory_does_not_matter(view):
    image = view(random_image((30, 40, 3), np.uint16, 5))
    plain = np.ascontiguousarray(image).astype(np.uint16)
    np.testing.assert_array_equal(ln.chain(image, EVERYTHING), ln.chain(plain, EVERYTHING))
    np.testing.assert_array_equal(ln.chain(image, EVERYTHING[2:]), ln.chain(plain, EVERYTHING[2:]))


def test_a_batch_is_its_images():
    images = np.stack([random_image((20, 24, 3), np.uint8, seed) for seed in range(3)])
    params = [LENS, [], EVERYTHING]
    out = ln.chain_batch(images, params)
    assert out.dtype == np.uint8
    for image, own, result in zip(images, params, out, strict=True):
        np.testing.assert_array_equal(result, ln.chain(image, own))


def test_a_batch_is_checked():
    images = np.zeros((2, 8, 8, 3), np.uint8)
    with pytest.raises(ValueError, match="one list for each of 2 images, got 3"):
        ln.chain_batch(images, [[], [], []])
    with pytest.raises(ValueError, match=r"images must be an \(N, H, W, C\) array, got \(8, 8, 3\)"):
        ln.chain_batch(images[0], [[]])


PARAMS = {"lens": LENS, "tone": [ln.GammaParams(gamma=2.0)], "nothing": []}


@pytest.mark.parametrize("params", PARAMS.values(), ids=PARAMS)
@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        ([[1, 2]], TypeError, "image must be a numpy array, got list"),
        (None, TypeError, "image must be a numpy array, got NoneType"),
        (np.zeros((4, 4), np.int32), TypeError, "image dtype must be uint8, uint16, float32 or float64; got int32"),
        (np.zeros((4, 4), np.float16), TypeError, "got float16"),
        (np.zeros((4, 4), bool), TypeError, "got bool"),
        (np.full((4, 4), np.nan), ValueError, "float images must be finite and in .0, 1.; got .nan, nan."),
        (np.array([[0.1, np.nan]]), ValueError, "must be finite"),
        (np.array([[0.1, np.inf]]), ValueError, "must be finite and in .0, 1.; got .0.1, inf."),
        (np.array([[0.1, -0.1]]), ValueError, "got .-0.1, 0.1.$"),
        (np.array([[0.0, 255.0]]), ValueError, "got .0, 255.; divide by 255"),
        (
            np.zeros((3, 8, 9), np.uint8),
            ValueError,
            r"got shape \(3, 8, 9\); channels come last: use image.transpose\(1, 2, 0\)",
        ),
        (np.zeros((2, 8, 9, 3), np.uint8), ValueError, r"got shape \(2, 8, 9, 3\); use chain_batch for \(N, H, W, C\)"),
        (np.zeros((8, 9, 2), np.uint8), ValueError, r"got shape \(8, 9, 2\)"),
        (np.zeros((8,), np.uint8), ValueError, r"\(H, W\), .* got shape \(8,\)"),
        (np.zeros((0, 9, 3), np.uint8), ValueError, r"non-empty .* got shape \(0, 9, 3\)"),
    ],
)
def test_what_is_no_image_is_named(image, error, message, params):
    with pytest.raises(error, match=message):
        ln.chain(image, params)


@pytest.mark.parametrize(
    ("radiance", "error", "message"),
    [
        (np.zeros((4, 4), np.uint8), TypeError, "radiance must be float with 1 or 3 channels; got uint8"),
        (np.zeros((4, 4, 4), np.float32), TypeError, r"1 or 3 channels; got float32, shape \(4, 4, 4\)"),
        (np.array([[np.nan]]), ValueError, "radiance must be finite and ≥ 0"),
        (np.array([[-1.0]]), ValueError, "radiance must be finite and ≥ 0"),
        (np.array([[np.inf]]), ValueError, "radiance must be finite and ≥ 0"),
        ([[1.0]], TypeError, "image must be a numpy array"),
    ],
)
def test_what_is_no_radiance_is_named(radiance, error, message):
    with pytest.raises(error, match=message):
        ln.chain_linear(radiance, LENS)


def test_gamma_acts_on_encoded_values_only():
    with pytest.raises(ValueError, match=r"gamma must be 1 on linear light .* got 2"):
        ln.chain_linear(np.ones((4, 4), np.float32), [ln.GammaParams(gamma=2.0)])


def test_the_camera_is_a_camera():
    with pytest.raises(TypeError, match=r"camera must be a lightnoise\.Camera, got 60"):
        ln.chain(np.zeros((4, 4), np.uint8), [], camera=60)


@pytest.mark.parametrize("gamma", [0.3, 0.8, 1.5, 4.0])
@pytest.mark.parametrize("ev", [-2.0, 0.0, 1.3])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tone_by_formula(gamma, ev, dtype):
    """Without a lens: decode, × 2^EV, clip, encode, v^γ, round; number by number."""
    top = np.iinfo(dtype).max
    codes = np.arange(0, top + 1, max(1, top // 500)).astype(dtype)[None]
    out = ln.gamma(codes, ln.GammaParams(gamma=gamma, exposure_ev=ev), camera=ln.Camera(highlight_gain=1.0))
    expected = top * naive.encode(2.0**ev * naive.decode(codes / top)) ** gamma
    np.testing.assert_allclose(out, expected, atol=0.5001)
