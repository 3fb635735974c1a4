"""Where every part of the light goes: one budget for all effects of the lens."""

from __future__ import annotations

from dataclasses import dataclass

from lightnoise.camera import Camera
from lightnoise.optics.psf import SPENCER_WEIGHTS, RadialPsf
from lightnoise.params import BloomParams, GlareParams


@dataclass(frozen=True)
class Budget:
    """Fractions of the light, together 1.

    Parameters
    ----------
    bloom, halo, veil, starburst, ghosts : float
        What each takes; ``halo`` is the ring of Spencer's PSF, which is part of the bloom.
    bloom_psf, veil_psf : RadialPsf
        How bloom and veil spread.
    """

    bloom: float
    halo: float
    veil: float
    starburst: float
    ghosts: float
    bloom_psf: RadialPsf
    veil_psf: RadialPsf

    @property
    def direct(self) -> float:
        """What stays on its straight way."""
        return 1.0 - (self.bloom + self.halo + self.veil + self.starburst + self.ghosts)


def share(bloom: BloomParams, glare: GlareParams, camera: Camera, height: int, width: int) -> Budget:
    """Return the budget of a chain's lens effects.

    Parameters
    ----------
    bloom : BloomParams
    glare : GlareParams
    camera : Camera
    height, width : int
        Size of the frame, pixels.

    Returns
    -------
    Budget

    Raises
    ------
    ValueError
        If the parts are more than the whole.

    Notes
    -----
    A veiling-glare index v is what ISO 9358 measures at the centre of a black disc of diameter 0.1 H in a wide
    white field. Of a weight w of scattered light, the part E that the PSF encircles within the disc's radius is
    missing there, so v = w·(1 − E), and w = v/(1 − E).

    References
    ----------
    ISO 9358:1994, "Veiling glare of image forming systems", integral (black patch) method.
    """
    veil_psf = RadialPsf(glare.veil_psf)
    disc_radius = 0.05 * height / camera.focal_px(width)[0]
    veil = glare.veil / (1.0 - float(veil_psf.encircled(disc_radius))) if glare.veil > 0.0 else 0.0
    halo = bloom.scatter * SPENCER_WEIGHTS[bloom.psf][3] if bloom.psf in SPENCER_WEIGHTS else 0.0
    total = bloom.scatter + veil + glare.starburst + glare.ghosts
    if total > 1.0 + 1e-9:
        parts = [f"bloom scatter {bloom.scatter:g}"] if bloom.scatter else []
        parts += [f"veil weight {veil:g} (veil {glare.veil:g} / {glare.veil / veil:.3g})"] if veil else []
        parts += [f"starburst {glare.starburst:g}"] if glare.starburst else []
        parts += [f"ghosts {glare.ghosts:g}"] if glare.ghosts else []
        raise ValueError(f"the lens may spread at most the whole light: {' + '.join(parts)} = {total:g} > 1")
    return Budget(
        bloom=bloom.scatter - halo,
        halo=halo,
        veil=veil,
        starburst=glare.starburst,
        ghosts=glare.ghosts,
        bloom_psf=_bloom_psf(bloom),
        veil_psf=veil_psf,
    )


def _bloom_psf(bloom: BloomParams) -> RadialPsf:
    if bloom.psf == "moffat":
        return RadialPsf("moffat", bloom.radius_deg, bloom.falloff)
    return RadialPsf(bloom.psf)
