"""An added sun: its disc, and stray light known in closed form."""

import math

import numpy as np
import pytest

import lightnoise as ln
from lightnoise.functional import sun as suns
from lightnoise.functional.budget import share
from lightnoise.functional.chain import one_of_each, render_plainly
from lightnoise.functional.grid import grid_of_level
from lightnoise.optics.psf import RadialPsf

HEIGHT, WIDTH = 180, 320
CAMERA = ln.Camera()
FOCAL = 0.5 * WIDTH / math.tan(math.radians(30.0))
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.float32)


def sunlit(azimuth, elevation, bloom=None, light=BLACK, **glare):
    params = [ln.GlareParams(sun_azimuth_deg=azimuth, sun_elevation_deg=elevation, **glare)]
    return ln.chain_linear(light, [*params, *([bloom] if bloom else [])], camera=CAMERA)


EFFECTS = {
    "disc": {},
    "veil": {"veil": 0.05},
    "cie": {"veil": 0.05, "veil_psf": "cie"},
    "starburst": {"starburst": 0.3},
    "ghosts": {"ghosts": 0.01},
    "bloom": {"bloom": ln.BloomParams(scatter=0.2, radius_deg=2.0)},
}


@pytest.mark.parametrize("name", EFFECTS)
def test_twice_the_sun_makes_twice_the_light(name):
    one, two = (sunlit(5.0, 8.0, sun_strength=s, **EFFECTS[name]) for s in (1.0, 2.0))
    assert one.sum() > 0.0
    np.testing.assert_allclose(two, 2.0 * one, rtol=1e-4, atol=1e-6 * one.max())


@pytest.mark.parametrize("name", EFFECTS)
def test_the_sun_adds_to_the_scene(name, lamps):
    """With the scene or without it, the sun's light is the same."""
    scene = lamps(HEIGHT, WIDTH, ground=0.1, power=50.0)
    values = dict(EFFECTS[name])
    lens = [
        ln.GlareParams(**{k: v for k, v in values.items() if k != "bloom"}),
        *([values["bloom"]] if "bloom" in values else []),
    ]
    with_sun = sunlit(5.0, 8.0, light=scene, **values)
    apart = ln.chain_linear(scene, lens, camera=CAMERA) + sunlit(5.0, 8.0, **values)
    np.testing.assert_allclose(with_sun, apart, rtol=1e-3, atol=1e-5 * apart.max())


@pytest.mark.parametrize("strength", [0.3, 1.0])
@pytest.mark.parametrize("place", [(0.0, 0.0), (10.3, 5.2), (-20.0, -8.0)])
def test_the_disc_has_the_suns_light(place, strength):
    """Irradiance strength·π (a white card facing the sun reaches white), in white × pixels of solid angle."""
    out = sunlit(*place, sun_strength=strength).astype(np.float64)
    azimuth, elevation = (math.radians(angle) for angle in place)
    x = FOCAL * math.tan(azimuth)
    y = -FOCAL * math.tan(elevation) / math.cos(azimuth)
    np.testing.assert_allclose(out.sum(axis=(0, 1)), strength * math.pi * FOCAL**2, rtol=0.02)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    assert np.average(rows - 0.5 * (HEIGHT - 1), weights=out[..., 0]) == pytest.approx(y, abs=0.2)
    assert np.average(columns - 0.5 * (WIDTH - 1), weights=out[..., 0]) == pytest.approx(x, abs=0.2)


def test_what_the_lens_spreads_is_missing_in_the_disc():
    """Black, but for the disc: with 30 % scattered wide, 70 % stays."""
    whole = sunlit(0.0, 0.0)
    rows, columns = np.nonzero(whole[..., 0])
    window = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
    hazy = sunlit(0.0, 0.0, bloom=ln.BloomParams(scatter=0.3, radius_deg=20.0, falloff=-2.3))
    stray = hazy[window[0].start - 3, window[1], 0].mean() * (whole[window][..., 0] > 0).size
    assert hazy[window][..., 0].sum() - stray == pytest.approx(0.7 * whole[..., 0].sum(), rel=0.02)


def harvey_per_steradian(theta):
    """Published form (1 + (θ/0.01 rad)²)^(−0.75), normalised to 1 over a cap of 60° by a plain sum of rings."""
    edges = np.linspace(0.0, math.radians(60.0), 200001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    rings = 2.0 * math.pi * np.diff(-np.cos(edges))
    total = np.sum((1.0 + (middle / 0.01) ** 2) ** -0.75 * rings)
    return (1.0 + (theta / 0.01) ** 2) ** -0.75 / total, (edges, middle, rings, total)


@pytest.mark.parametrize("sun", [(0.0, 0.0), (12.0, -6.0), (40.0, 10.0), (-10.0, 30.0)])
def test_the_veil_is_irradiance_times_density(sun):
    """L(θ) = E·w·p(θ) at probes all over the frame, every term worked out here."""
    azimuth, elevation = (math.radians(angle) for angle in sun)
    towards = np.array(
        [math.sin(azimuth) * math.cos(elevation), math.sin(elevation), math.cos(azimuth) * math.cos(elevation)]
    )
    out = sunlit(*sun, veil=0.05)[..., 1]
    _, (edges, middle, rings, total) = harvey_per_steradian(0.0)
    disc = math.atan(0.05 * HEIGHT / FOCAL)
    encircled = np.sum(((1.0 + (middle / 0.01) ** 2) ** -0.75 * rings)[edges[1:] <= disc]) / total
    weight = 0.05 / (1.0 - encircled)
    for y, x in ((20, 30), (90, 100), (150, 290), (60, 220), (170, 10)):
        ray = np.array([x - 0.5 * (WIDTH - 1), 0.5 * (HEIGHT - 1) - y, FOCAL])
        theta = math.acos(float(towards @ ray) / np.linalg.norm(ray))
        if theta < math.radians(59.0):
            expected = math.pi * weight * harvey_per_steradian(theta)[0]
            assert out[y, x] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("sun", "near", "far"),
    [
        ((40.0, 0.0), np.s_[:, WIDTH // 2 :], np.s_[:, : WIDTH // 2]),
        ((-40.0, 0.0), np.s_[:, : WIDTH // 2], np.s_[:, WIDTH // 2 :]),
        ((0.0, 30.0), np.s_[: HEIGHT // 2], np.s_[HEIGHT // 2 :]),
        ((0.0, -30.0), np.s_[HEIGHT // 2 :], np.s_[: HEIGHT // 2]),
    ],
)
def test_a_sun_outside_the_frame_veils_the_near_side_more(sun, near, far):
    out = sunlit(*sun, veil=0.05, bloom=ln.BloomParams(scatter=0.05, radius_deg=3.0, falloff=-2.6))
    assert out[near].mean() > 1.3 * out[far].mean() > 0.0
    assert out.max() < 0.01 * sunlit(0.0, 0.0).max()  # no disc


@pytest.mark.parametrize(
    "glare", [{"veil": 0.05}, {"veil": 0.05, "starburst": 0.2, "ghosts": 0.002}], ids=["veil", "all"]
)
def test_leaving_the_frame_changes_the_far_half_smoothly(glare):
    """From 28° to 32° (the border is at 30°): no jump where the disc goes out of sight."""
    bloom = ln.BloomParams(scatter=0.1, radius_deg=2.0)
    angles = np.arange(28.0, 32.01, 0.4)
    means = np.array([sunlit(a, 3.0, bloom=bloom, **glare)[:, : WIDTH // 2].mean(dtype=np.float64) for a in angles])
    steps = np.diff(np.log(means))
    assert np.all(np.abs(steps) < 0.05)
    assert np.abs(np.diff(steps)).max() < 0.02


def test_a_sun_behind_the_camera_does_nothing():
    assert sunlit(180.0, 0.0, veil=0.05, starburst=0.2, ghosts=0.01).max() == 0.0


def test_squashed_frames_have_an_elliptical_sun():
    camera = ln.Camera(fov_deg=10.0, pixel_aspect=2.0)
    params = ln.GlareParams(sun_azimuth_deg=0.0, sun_elevation_deg=0.0)
    out = ln.chain_linear(np.zeros((360, 320, 1), np.float32), [params], camera=camera)[..., 0]
    rows, columns = (np.ptp(np.nonzero(out > 0.5 * out.max())[axis]) + 1 for axis in (0, 1))
    assert rows / columns == pytest.approx(2.0, rel=0.15)


def test_the_sun_burns_a_picture_white_and_is_in_the_damage_map():
    image = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    params = ln.GlareParams(veil=0.02, sun_azimuth_deg=0.0, sun_elevation_deg=5.0)
    out, damage = ln.glare(image, params, return_damage=True)
    y = round(0.5 * (HEIGHT - 1) - FOCAL * math.tan(math.radians(5.0)))
    np.testing.assert_array_equal(out[y, WIDTH // 2], 255)
    assert damage[y, WIDTH // 2] == 1.0
    assert damage[y, WIDTH // 2 + 20] > damage[-1, 0]


@pytest.mark.parametrize("exposure_ev", [0.0, -2.0])
@pytest.mark.parametrize("strength", [1e-6, 1e-4, 1.0])
def test_the_sun_shines_over_near_white(exposure_ev, strength):
    """A lamp's near-white core is held at what was measured; what a sun adds in front of it is not."""
    azimuth, elevation = 4.0, 3.0
    y = round(0.5 * (HEIGHT - 1) - FOCAL * math.tan(math.radians(elevation)) / math.cos(math.radians(azimuth)))
    x = round(0.5 * (WIDTH - 1) + FOCAL * math.tan(math.radians(azimuth)))
    image = np.full((HEIGHT, WIDTH, 3), 10, np.uint8)
    image[y - 3 : y + 4, x - 3 : x + 4] = 250
    sun = ln.GlareParams(sun_azimuth_deg=azimuth, sun_elevation_deg=elevation, sun_strength=strength)
    params = [sun, ln.GammaParams(exposure_ev=exposure_ev)]
    fast = ln.chain(image, params)
    plain, _ = render_plainly(image, one_of_each(params), ln.Camera())
    np.testing.assert_allclose(fast.astype(int), plain, atol=1)
    assert (fast[y, x] == 255).all() or strength < 1e-5
    without = ln.chain(image, params[1:])
    assert (fast[y + 3, x + 3] == without[y + 3, x + 3]).all()
    assert (without[y, x] < 255).all()


@pytest.mark.parametrize("name", ["harvey", "cie", "moffat", "spencer_photopic"])
def test_densities_are_lines_between_the_angles_they_are_worked_out_at(name):
    psf = RadialPsf(name, radius_deg=1.5, falloff=-3.0) if name == "moffat" else RadialPsf(name)
    angles = suns._angles([psf])
    theta = np.random.default_rng(0).uniform(angles[0], np.radians(120.0), 50_000)
    exact = suns.density_per_steradian(psf, theta)
    between = np.interp(theta, angles, suns.density_per_steradian(psf, angles))
    np.testing.assert_allclose(between, exact, rtol=2e-6)
    assert (between == 0.0).any()


def test_a_suns_stray_light_is_made_once_and_kept_from_change():
    camera, grid = CAMERA, grid_of_level(HEIGHT, WIDTH, CAMERA, 1)
    glare = ln.GlareParams(veil=0.05, starburst=0.1, sun_azimuth_deg=5.0, sun_elevation_deg=8.0)
    sun = suns.from_params(glare)
    one, again = (
        suns.stray(sun, share(ln.BloomParams(), glare, camera, HEIGHT, WIDTH), glare, camera, grid) for _ in "12"
    )
    assert one is again
    with pytest.raises(ValueError, match="read-only"):
        one += 1.0
