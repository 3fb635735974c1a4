"""What is timed: lightnoise's effects and the machine's floors, each made ready for one frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy import fft

import lightnoise as ln
from benchmarks.speed.frames import Picture, decode_jpeg, encode_jpeg
from benchmarks.speed.timing import Call
from lightnoise.functional import codec
from lightnoise.functional.budget import share
from lightnoise.functional.diffraction import kernels_of, spikes
from lightnoise.functional.grid import Grid, grid_of_level, shaped_level
from lightnoise.functional.symmetric import add_convolved
from lightnoise.optics.psf import RadialPsf
from lightnoise.optics.recovery import Bright

Effect = ln.BloomParams | ln.GlareParams | ln.GammaParams
Params = tuple[Effect, ...]

OURS, FLOOR, PEER = "lightnoise", "floor", "peer"

BLOOM = ln.BloomParams(scatter=0.2, radius_deg=1.5)
GLARE = ln.GlareParams(veil=0.05, starburst=0.2, blades=6)
GAMMA = ln.GammaParams(gamma=1.4, exposure_ev=0.5)
NOISY = ln.GammaParams(gamma=1.4, exposure_ev=0.5, shot=2e-3, read=1e-5)
SUNNY = ln.GlareParams(veil=0.05, starburst=0.2, blades=6, ghosts=1e-3, sun_azimuth_deg=10.0, sun_elevation_deg=8.0)


@dataclass(frozen=True)
class Subject:
    """Something to time.

    Parameters
    ----------
    name : str
        Row of the table.
    group : str
        `OURS`, `FLOOR` or `PEER`.
    prepare : callable
        Takes an RGB uint8 frame, returns the call to time; what a user does once (tables, spectra, objects) is
        done here.
    """

    name: str
    group: str
    prepare: Callable[[Picture], Call]


def ours() -> list[Subject]:
    """Return lightnoise's own rows."""

    def chained(*params: Effect) -> Callable[[Picture], Call]:
        return lambda frame: lambda: ln.chain(frame, params)

    return [
        Subject("Gamma", OURS, lambda frame: lambda: ln.gamma(frame, GAMMA)),
        Subject("Bloom", OURS, lambda frame: lambda: ln.bloom(frame, BLOOM)),
        Subject("Glare: veil", OURS, lambda frame: lambda: ln.glare(frame, ln.GlareParams(veil=0.05))),
        Subject("Glare: veil + starburst", OURS, lambda frame: lambda: ln.glare(frame, GLARE)),
        Subject("chain: Bloom + Glare + Gamma", OURS, chained(BLOOM, GLARE, GAMMA)),
        Subject("chain with sensor noise", OURS, chained(BLOOM, GLARE, NOISY)),
        Subject("chain with sun and ghosts", OURS, chained(BLOOM, SUNNY, GAMMA)),
        Subject("Bloom, new params every frame", OURS, lambda frame: redrawn(frame, new_radius)),
        Subject("chain, new params every frame", OURS, lambda frame: redrawn(frame, new_iris)),
    ]


def floors() -> list[Subject]:
    """Return what the machine can do at best, or what others would have to do."""
    return [
        Subject("memcpy (numpy copy)", FLOOR, lambda frame: frame.copy),
        *table_look_ups(),
        Subject(
            f"cv2.GaussianBlur, same radius ({BLOOM.radius_deg:g}°)",
            FLOOR,
            lambda f: gaussian_blur(f, BLOOM.radius_deg),
        ),
        Subject("FFT convolution, same PSF", FLOOR, fft_convolution),
        Subject("DCT convolution, same PSF", FLOOR, dct_convolution),
        Subject("JPEG decode + encode (cv2, q95)", FLOOR, jpeg),
    ]


def table_look_ups() -> list[Subject]:
    """Return the ways to send bytes through a table into a new array, of the libraries that are installed."""
    found = [Subject("byte table: cv2.LUT", FLOOR, _cv2_lut)]
    try:
        import stringzilla
    except ImportError:
        return found
    if hasattr(stringzilla, "translate"):
        found.append(Subject("byte table: StringZilla translate", FLOOR, _stringzilla_lut))
    return found


def gamma_table() -> Picture:
    """Return some byte table."""
    return np.rint(255.0 * (np.arange(256) / 255.0) ** 1.4).astype(np.uint8)


def _cv2_lut(frame: Picture) -> Call:
    table = gamma_table()
    return lambda: cv2.LUT(frame, table)


def _stringzilla_lut(frame: Picture) -> Call:
    import stringzilla

    table, source = gamma_table().tobytes(), frame.data

    def look_up() -> Picture:
        out = np.empty_like(frame)
        stringzilla.translate(source, table, out=out)
        return out

    return look_up


def word_look_ups(frame: Picture) -> Call:
    """Look up what Bloom looks up: every sample's word, once for decoding and once for developing, and its shade."""
    import numba

    from lightnoise.kernels.permute import look_up_words, shade_row

    knots_and_shades = codec.word_shades("srgb", 1.0)
    assert knots_and_shades is not None
    codes = frame.reshape(len(frame), -1)
    rows, none, out = np.zeros((2, codes.shape[1]), np.uint16), np.empty((2, 0), np.uint16), np.empty_like(codes)

    @numba.njit(nogil=True)
    def look_up(codes, planes, none, rows, knots, shades, out):  # type: ignore[no-untyped-def]
        alone = (np.uint64(1), np.uint64(1), np.uint64(1))
        for y in range(codes.shape[0]):
            look_up_words(codes, y, planes, rows, 0)
            shade_row(codes, y, planes, none, rows, alone, knots, shades, out)

    return lambda: look_up(codes, codec.word_planes("srgb"), none, rows, *knots_and_shades, out)


def full_size_passes(frame: Picture) -> Call:
    """Go over the frame twice as Bloom does, into the pyramid's second level and out of it, with nothing between."""
    from lightnoise import kernels

    word_shades = codec.word_shades("srgb", 1.0)
    assert word_shades is not None
    (height, width, channels), codes = frame.shape, frame.reshape(len(frame), -1)
    level, out = np.zeros((height // 4, width // 4 * channels), np.float32), np.empty_like(codes)
    largest, planes, unscaled = np.empty(height, np.uint8), codec.word_planes("srgb"), np.empty((2, 0), np.uint16)
    weights, unit = np.zeros((4, 5), np.float32), np.float32(65535.0)
    shades = codec.shade_table("srgb", 1.0).for_kernels()
    no_lamps = Bright.none(channels).by_row(height, np.ones(channels, np.float32))

    def go() -> None:
        kernels.decode.decode_quarter(codes, channels, planes, level, largest)
        kernels.develop_words.develop(
            codes, channels, planes, unscaled, level, unit, weights, no_lamps, shades, word_shades, out
        )

    return go


def bytes_through_a_quarter(frame: Picture) -> Call:
    """Shrink a frame to a quarter, enlarge it and add it, by OpenCV: what Bloom does, on bytes and of one width."""
    (height, width), out = frame.shape[:2], np.empty_like(frame)

    def go() -> None:
        quarter = cv2.resize(frame, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
        cv2.add(frame, cv2.resize(quarter, (width, height), interpolation=cv2.INTER_LINEAR), dst=out)

    return go


def starburst_transforms(frame: Picture) -> Call:
    """Transform three channels there and back, by OpenCV, on a starburst's grid and as far beyond as spikes reach."""
    grid = _starburst_grid(frame)
    reach_y, reach_x = spikes(GLARE, ln.Camera(), grid, 3).around.reach
    sides = cv2.getOptimalDFTSize(grid.height + 2 * reach_y), cv2.getOptimalDFTSize(grid.width + 2 * reach_x)
    cells = np.ones(sides, np.float32)

    def transform() -> None:
        for _ in range(3):
            cv2.dft(cells, dst=cells)
            cv2.dft(cells, dst=cells, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)

    return transform


def starburst(frame: Picture) -> Call:
    """Add the chain's starburst to stray light, nothing else."""
    grid, camera = _starburst_grid(frame), ln.Camera()
    budget = share(ln.BloomParams(), GLARE, camera, *frame.shape[:2])
    light = np.ones((grid.height, grid.width, 3), np.float32)
    stray = np.zeros_like(light)
    return lambda: add_convolved(light, kernels_of(GLARE, camera, budget, grid, 3), None, stray)


def _starburst_grid(frame: Picture) -> Grid:
    camera, (height, width) = ln.Camera(), frame.shape[:2]
    return grid_of_level(height, width, camera, shaped_level(height, width, camera))


def other_kinds(frame: Picture) -> dict[str, Call]:
    """Return the whole chain on what is no 8-bit picture of even sides alone."""
    params = (BLOOM, GLARE, GAMMA)
    words, floats, odd = frame * np.uint16(257), frame / np.float32(255.0), np.ascontiguousarray(frame[1:, 1:])
    return {
        "with a damage map": lambda: ln.chain(frame, params, return_damage=True),
        "16 bits": lambda: ln.chain(words, params),
        "float32": lambda: ln.chain(floats, params),
        "odd sides": lambda: ln.chain(odd, params),
    }


def redrawn(frame: Picture, draw: Callable[[np.random.Generator], Params]) -> Call:
    """Apply an effect whose params are drawn anew for every frame, as in training."""
    random = np.random.default_rng(0)
    return lambda: ln.chain(frame, draw(random))


def new_radius(random: np.random.Generator) -> Params:
    """Return `BLOOM` of another radius each time."""
    return (ln.BloomParams(scatter=BLOOM.scatter, radius_deg=float(random.uniform(1.0, 2.0))),)


def new_iris(random: np.random.Generator) -> Params:
    """Return the whole chain with another bloom, another turn of the iris and another exposure each time."""
    rotation, exposure = float(random.uniform(0.0, 60.0)), float(random.uniform(0.0, 1.0))
    glare = ln.GlareParams(veil=GLARE.veil, starburst=GLARE.starburst, blades=GLARE.blades, rotation_deg=rotation)
    return (*new_radius(random), glare, ln.GammaParams(gamma=GAMMA.gamma, exposure_ev=exposure))


def gaussian_blur(frame: Picture, radius_deg: float) -> Call:
    """Blur 8 bits by a Gaussian half of which lies within the same angle: r = σ·√(2 ln 2)."""
    radius = np.tan(np.radians(radius_deg)) * ln.Camera().focal_px(frame.shape[1])[1]
    sigma = float(radius / np.sqrt(2.0 * np.log(2.0)))
    return lambda: cv2.GaussianBlur(frame, (0, 0), sigma)


def psf_quadrant(height: int, width: int) -> np.ndarray:
    """Return BLOOM's PSF at offsets 0 … H, 0 … W, float64; its sum over a period of 2H × 2W is 1."""
    focal_y, focal_x = ln.Camera().focal_px(width)
    psf = RadialPsf("moffat", BLOOM.radius_deg, BLOOM.falloff)
    quadrant = psf.density(np.hypot(np.arange(height + 1)[:, None] / focal_y, np.arange(width + 1) / focal_x))
    down, right = (np.array([1.0, *[2.0] * (n - 1), 1.0]) for n in (height, width))  # how often each occurs
    return np.asarray(quadrant / (down @ quadrant @ right))


def fft_convolution(frame: Picture) -> Call:
    """Convolve linear light, three planes float32, zero-padded against wrap-around; the spectrum is made beforehand."""
    height, width = frame.shape[:2]
    size = fft.next_fast_len(2 * height, real=True), fft.next_fast_len(2 * width, real=True)
    quadrant = psf_quadrant(height, width)
    rows = np.minimum(np.minimum(np.arange(size[0]), size[0] - np.arange(size[0])), height)
    columns = np.minimum(np.minimum(np.arange(size[1]), size[1] - np.arange(size[1])), width)
    spectrum = fft.rfft2(quadrant[np.ix_(rows, columns)]).real.astype(np.float32)
    planes = _linear_planes(frame)

    def convolve() -> np.ndarray:
        light = fft.rfft2(planes, s=size, workers=1)
        light *= spectrum
        return fft.irfft2(light, s=size, workers=1, overwrite_x=True)[:, :height, :width]

    return convolve


def dct_convolution(frame: Picture) -> Call:
    """Convolve with mirrored borders by cosine transforms of the frame's own size: the least that a spectrum costs.

    A symmetric kernel multiplies the DCT-II of a signal by the kernel's DCT-I (Martucci 1994, section V).
    """
    height, width = frame.shape[:2]
    transfer = fft.dctn(psf_quadrant(height, width), type=1)[:height, :width].astype(np.float32)
    planes = _linear_planes(frame)

    def convolve() -> np.ndarray:
        light = fft.dctn(planes, type=2, axes=(1, 2), workers=1)
        light *= transfer
        return fft.idctn(light, type=2, axes=(1, 2), workers=1, overwrite_x=True)

    return convolve


def _linear_planes(frame: Picture) -> np.ndarray:
    return np.ascontiguousarray((frame.astype(np.float32) / 255.0).transpose(2, 0, 1) ** 2.2)


def jpeg(frame: Picture) -> Call:
    """Read and write the frame as a file job does, in memory."""
    data = encode_jpeg(frame)
    return lambda: encode_jpeg(decode_jpeg(data))
