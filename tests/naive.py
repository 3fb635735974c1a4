"""Slow, obvious twins of the fast code: float64, dense matrices, plain loops, formulas instead of tables."""

import math

import numpy as np

from lightnoise.optics import pyramid
from lightnoise.optics.mixture import fit
from lightnoise.optics.psf import RadialPsf

# camera responses, one number at a time


def srgb_to_linear(v):
    """IEC 61966-2-1:1999, section 5.2."""
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


def linear_to_srgb(x):
    """IEC 61966-2-1:1999, section 5.3."""
    return 12.92 * x if x <= 0.0031308 else 1.055 * x ** (1.0 / 2.4) - 0.055


def decode(encoded):
    return np.vectorize(srgb_to_linear, otypes=[float])(encoded)


def encode(linear):
    return np.vectorize(linear_to_srgb, otypes=[float])(np.clip(linear, 0.0, 1.0))


# the pyramid, as dense matrices from the definitions in lightnoise.optics.pyramid


def smooth_matrix(n):
    """[1 4 6 4 1]/16 with half-sample symmetric reflection, folded as often as it takes."""
    s = np.zeros((n, n))
    for i in range(n):
        for step, weight in zip((-2, -1, 0, 1, 2), (1, 4, 6, 4, 1), strict=True):
            j = (i + step) % (2 * n)
            s[i, j if j < n else 2 * n - 1 - j] += weight / 16.0
    return s


def area_matrix(n, m):
    """Means over m equal cells of a line of n."""
    a = np.zeros((m, n))
    for i in range(m):
        for j in range(n):
            overlap = min((i + 1) * n / m, j + 1.0) - max(i * n / m, float(j))
            a[i, j] = max(0.0, overlap) * m / n
    return a


def down_matrix(n, m):
    return area_matrix(n, m) @ smooth_matrix(n)


def up_matrix(n, m):
    return n / m * down_matrix(n, m).T


def mixture_operator(sizes, weights):
    """Return Σ_ℓ U…U·(w[ℓ,0] + w[ℓ,1]·S)·D…D as a function of an (H, W) plane."""

    def along(matrix_of, rows, columns, plane):
        return matrix_of(*rows) @ plane @ matrix_of(*columns).T

    def operator(plane):
        total = np.zeros_like(plane)
        down = plane
        for level, (plain, smooth) in enumerate(weights):
            height, width = sizes[level]
            back = plain * down + smooth * along(smooth_matrix, (height,), (width,), down)
            for finer in reversed(range(level)):
                rows, columns = zip(sizes[finer], sizes[finer + 1], strict=True)
                back = along(up_matrix, rows, columns, back)
            total += back
            if level + 1 < len(sizes):
                rows, columns = zip(sizes[level], sizes[level + 1], strict=True)
                down = along(down_matrix, rows, columns, down)
        return total

    return operator


# the sensor


def spill_column(charge, full_well, fraction):
    """Half of the excess of every pixel walks down, half up, and fills what it meets; the rest is drained."""
    charge = [float(q) for q in charge]
    excess = [max(0.0, q - full_well) for q in charge]
    charge = [min(q, full_well) for q in charge]
    n = len(charge)
    for step in (1, -1):
        carried = 0.0
        for i in range(n) if step == 1 else reversed(range(n)):
            taken = min(full_well - charge[i], carried)
            charge[i] += taken
            carried += 0.5 * fraction * excess[i] - taken
    return np.array(charge)


def hash32(x):
    """Wellons' lowbias32 in whole numbers."""
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    return x ^ x >> 16


def noise(light, shot, read, seed):
    """Add normal noise of variance shot·x + read, one sample at a time, by bisection of the error function."""
    key = hash32(seed ^ 0x9E3779B9)
    rows = np.reshape(light, (len(light), -1)).tolist()
    half = (len(rows[0]) + 1) // 2
    quantiles = [normal_quantile((k + 0.5) / 2**14) for k in range(2**13)]
    spread = math.sqrt(sum(q * q for q in quantiles) / 2**13)
    out = []
    for y, row in enumerate(rows):
        row_key = hash32((hash32(y) + key) % 2**32)
        for j, x in enumerate(row):
            bits = hash32((j % half) * 0x9E3779B9 % 2**32 ^ row_key)
            draw = (bits >> 16 if j < half else bits % 2**16) >> 2
            normal = (quantiles[draw] if draw < 2**13 else -quantiles[2**14 - 1 - draw]) / spread
            out.append(x + math.sqrt(shot * max(x, 0.0) + read) * normal)
    return np.reshape(out, np.shape(light))


def normal_quantile(q):
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        below = 0.5 * math.erfc(-middle / math.sqrt(2.0)) < q
        low, high = (middle, high) if below else (low, middle)
    return 0.5 * (low + high)


# the chain, for bloom, veil and gamma


def encircled(psf, rho):
    """Sum the density over rings in ln ρ."""
    edges = np.exp(np.linspace(math.log(1e-8), math.log(rho), 40001))
    middle = np.sqrt(edges[1:] * edges[:-1])
    return float(np.sum(psf.density(middle) * math.pi * (edges[1:] ** 2 - edges[:-1] ** 2)))


def parts(bloom, glare, camera, height, width):
    """Return (fraction, PSF) of bloom and veil; the veil's fraction makes the ISO 9358 index come out."""
    veil_psf = RadialPsf(glare.veil_psf)
    focal_y, _ = camera.focal_px(width)
    veil = glare.veil / (1.0 - encircled(veil_psf, 0.05 * height / focal_y))
    return [(bloom.scatter, RadialPsf("moffat", bloom.radius_deg, bloom.falloff)), (veil, veil_psf)]


def chain_linear(radiance, bloom, glare, gamma, camera):
    """Bloom, veil, exposure and noise on light (H, W, C)."""
    height, width = radiance.shape[:2]
    light = np.asarray(radiance, float)
    spread = [
        (f, fit(psf, *camera.focal_px(width), height, width)) for f, psf in parts(bloom, glare, camera, height, width)
    ]
    direct = 1.0 - sum(f * (1.0 - fitted.direct) for f, fitted in spread)
    operator = mixture_operator(pyramid.level_sizes(height, width), sum(f * fitted.weights for f, fitted in spread))
    stray = np.stack([operator(light[..., c]) for c in range(light.shape[2])], axis=2)
    light = 2.0**gamma.exposure_ev * (direct * light + stray)
    return noise(light, gamma.shot, gamma.read, gamma.noise_seed) if gamma.has_noise else light


def chain(image, bloom, glare, gamma, camera):
    """The same on pixels with sRGB response, without highlight recovery: uint8 in, float code values out."""
    assert camera.highlight_gain == 1.0
    assert camera.response == "srgb"
    light = chain_linear(decode(image / 255.0), bloom, glare, gamma, camera)
    return 255.0 * encode(light) ** gamma.gamma
