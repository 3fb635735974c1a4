"""Decode once, go through lens, exposure and sensor in their physical order, encode once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lightnoise import kernels
from lightnoise.camera import Camera
from lightnoise.functional import codec, fused, lens, sensor
from lightnoise.functional.layout import TOPS, split, split_shape
from lightnoise.optics.recovery import NEAR_WHITE, recovered_pixels
from lightnoise.params import BloomParams, EffectParams, GammaParams, GlareParams, Params

Image = NDArray[Any]
Effects = tuple[BloomParams, GlareParams, GammaParams]
P = TypeVar("P", bound=EffectParams)

#: What stands for an effect that is absent, and for a camera that is not given.
IDENTITIES: Effects = (BloomParams(), GlareParams(), GammaParams())
DEFAULT_CAMERA = Camera()


def bloom(image: Image, params: BloomParams, *, camera: Camera | None = None, return_damage: bool = False) -> Any:
    """Apply bloom alone; see `chain`."""
    return chain(image, [_of_type(params, BloomParams)], camera=camera, return_damage=return_damage)


def glare(image: Image, params: GlareParams, *, camera: Camera | None = None, return_damage: bool = False) -> Any:
    """Apply glare alone; see `chain`."""
    return chain(image, [_of_type(params, GlareParams)], camera=camera, return_damage=return_damage)


def gamma(image: Image, params: GammaParams, *, camera: Camera | None = None, return_damage: bool = False) -> Any:
    """Apply exposure, tone error and noise alone; see `chain`."""
    return chain(image, [_of_type(params, GammaParams)], camera=camera, return_damage=return_damage)


def chain(image: Image, params: Iterable[Params], *, camera: Camera | None = None, return_damage: bool = False) -> Any:
    """Apply several effects on linear light with one decode and one encode.

    Parameters
    ----------
    image : ndarray of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        RGB order, uint8, uint16, or float32 or float64 in [0, 1]. Never modified; alpha passes through.
    params : iterable of BloomParams, GlareParams, GammaParams
        Each effect at most once. Their order does not matter: light goes through the lens, then the exposure,
        the sensor and the tone curve.
    camera : Camera, optional
        Default ``Camera()``.
    return_damage : bool
        Also return where the picture was destroyed.

    Returns
    -------
    ndarray
        Same shape and dtype. Identity params give the same values bit for bit.
    damage : ndarray of shape (H, W), float32
        Only with ``return_damage``: stray / (direct + stray) luminance, in [0, 1]; 1 where a pixel newly became
        all white or all black; 0 everywhere for the identity.

    Raises
    ------
    TypeError, ValueError
        If the image or a param is of the wrong kind, an effect stands twice, or the lens effects together
        spread more than the whole light.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.full((4, 4, 3), 100, np.uint8)
    >>> int(chain(image, [GammaParams(exposure_ev=1.0)])[0, 0, 0])
    138
    """
    camera = _camera(camera)
    planes = split(image)
    effects = one_of_each(params)
    bloom_params, glare_params, gamma_params = effects
    if bloom_params.is_identity and glare_params.is_identity and gamma_params.is_identity:
        same = image.copy()
        return (same, np.zeros(image.shape[:2], np.float32)) if return_damage else same
    color, stray = _render(planes.color, effects, camera, return_damage)
    result = planes.join(color)
    return (result, _damage(planes.color, color, stray)) if return_damage else result


def chain_linear(radiance: Image, params: Iterable[Params], *, camera: Camera | None = None) -> NDArray[np.float32]:
    """Apply effects to linear light that is no picture yet: no recovery, no clipping, no encoding.

    Parameters
    ----------
    radiance : ndarray of shape (H, W), (H, W, 1) or (H, W, 3), float
        Linear light, white = 1.0, finite and ≥ 0, without upper bound.
    params : iterable of BloomParams, GlareParams, GammaParams
        Each effect at most once. Noise is added only if ``shot`` or ``read`` asks for it. ``gamma`` must be 1,
        since it acts on encoded values.
    camera : Camera, optional
        Its geometry and iris are used, its response and sensor are not.

    Returns
    -------
    ndarray of float32, same shape

    Raises
    ------
    TypeError, ValueError
        As `chain`; also for light that is negative or not finite, and for ``gamma`` ≠ 1.
    """
    camera = _camera(camera)
    planes = split_shape(radiance)
    if not np.issubdtype(planes.color.dtype, np.floating) or planes.alpha is not None:
        raise TypeError(f"radiance must be float with 1 or 3 channels; got {radiance.dtype}, shape {radiance.shape}")
    light = np.array(planes.color, np.float32, order="C")
    if not (np.isfinite(light).all() and light.min() >= 0.0):
        raise ValueError("radiance must be finite and ≥ 0")
    bloom_params, glare_params, gamma_params = one_of_each(params)
    if gamma_params.gamma != 1.0:
        raise ValueError(f"gamma must be 1 on linear light (it acts on encoded values), got {gamma_params.gamma:g}")
    if not (bloom_params.is_identity and glare_params.is_identity):
        stray = lens.scatter(light, bloom_params, glare_params, camera)
        lens.dim(light, stray.kept)
        lens.add(light, stray, np.float32(1.0))
    if gamma_params.exposure_ev != 0.0:
        light *= np.float32(2.0**gamma_params.exposure_ev)
    if gamma_params.has_noise:
        sensor.add_noise(light, gamma_params)
    return light.reshape(radiance.shape)


def chain_batch(images: Image, params_per_image: Sequence[Iterable[Params]], *, camera: Camera | None = None) -> Image:
    """Apply to each image of a batch its own params.

    Parameters
    ----------
    images : ndarray of shape (N, H, W, C)
        As for `chain`.
    params_per_image : sequence of N iterables of params
    camera : Camera, optional

    Returns
    -------
    ndarray, same shape and dtype

    Raises
    ------
    ValueError
        If there are not N lists of params; else as `chain`.
    """
    if not isinstance(images, np.ndarray) or images.ndim != 4:
        shape = getattr(images, "shape", type(images).__name__)
        raise ValueError(f"images must be an (N, H, W, C) array, got {shape}")
    if len(params_per_image) != len(images):
        raise ValueError(
            f"params_per_image must have one list for each of {len(images)} images, got {len(params_per_image)}"
        )
    out = np.empty_like(images)
    for i, params in enumerate(params_per_image):
        out[i] = chain(images[i], params, camera=camera)
    return out


def _render(
    color: Image, effects: Effects, camera: Camera, with_share: bool
) -> tuple[Image, NDArray[np.float32] | None]:
    """Return the new colour planes and, if wanted and the lens took part, the fraction of stray luminance (H, W)."""
    bloom_params, glare_params, gamma_params = effects
    through_lens = not (bloom_params.is_identity and glare_params.is_identity)
    if not through_lens and _is_tone_only(color, gamma_params, camera):
        return codec.tone(color, camera.response, gamma_params.gamma, gamma_params.exposure_ev), None
    if fused.serves(color, camera):
        if not through_lens:
            return fused.expose(color, gamma_params, camera), None
        plan = lens.plan(bloom_params, glare_params, camera, *color.shape)
        if fused.makes(plan):
            return fused.render(color, plan, gamma_params, with_share)
    return render_plainly(color, effects, camera, with_share)


def render_plainly(
    color: Image, effects: Effects, camera: Camera, with_share: bool = True
) -> tuple[Image, NDArray[np.float32] | None]:
    """Do what `_render` does for every dtype, size and camera, one whole array after the other."""
    bloom_params, glare_params, gamma_params = effects
    through_lens = not (bloom_params.is_identity and glare_params.is_identity)
    light = codec.decode(color, camera.response)
    bright = recovered_pixels(light, camera.highlight_gain, *camera.focal_px(color.shape[1]))
    light[bright.rows, bright.columns] = bright.light.T
    exposure = np.float32(2.0**gamma_params.exposure_ev)
    factor = np.full(color.shape[2], exposure, np.float32)
    stray, stray_share = None, None
    if through_lens:
        stray = lens.scatter(light, bloom_params, glare_params, camera)
        factor *= stray.kept
        if with_share:
            stray_share = lens.stray_share(light, stray)
    lens.dim(light, factor)
    if len(bright.rows):
        light[bright.rows, bright.columns] = bright.direct(factor).T
    if stray is not None:
        lens.add(light, stray, exposure)
    sensor.spill(light, camera)
    if gamma_params.has_noise:
        np.minimum(light, np.float32(camera.full_well), out=light)
        sensor.add_noise(light, gamma_params)
    return codec.encode(light, camera.response, gamma_params.gamma, color.dtype), stray_share


def _is_tone_only(color: Image, params: GammaParams, camera: Camera) -> bool:
    """Whether each pixel's answer depends on its own value alone: no noise, no spilling, no recovered lamp."""
    if params.has_noise or camera.column_blooming > 0.0:
        return False
    if params.exposure_ev >= 0.0 or camera.highlight_gain <= 1.0:
        return True
    brightest = np.array([[[color.max()]]], color.dtype)
    return bool(codec.decode(brightest, camera.response)[0, 0, 0] <= NEAR_WHITE)


def _damage(before: Image, after: Image, stray_share: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """Return the damage map; see `chain`."""
    damage = np.zeros(before.shape[:2], np.float32)
    if stray_share is not None:
        np.clip(stray_share, 0.0, 1.0, out=damage)
    white = before.dtype.type(TOPS.get(before.dtype, 1))
    kernels.damage.mark_clipped(before, after, white, damage)
    return damage


def one_of_each(params: Iterable[Params]) -> Effects:
    """Return one of each effect, the defaults (identity) for those absent."""
    if isinstance(params, EffectParams):
        raise TypeError("params must be a list of params, got a single one; write [params]")
    found: dict[str, Any] = {}
    for one in params:
        if not isinstance(one, EffectParams):
            raise TypeError(f"params must be BloomParams, GlareParams or GammaParams, got {one!r}")
        if one.effect in found:
            raise ValueError(f"each effect may stand once in a chain, got {one.effect} twice")
        found[one.effect] = one
    no_bloom, no_glare, no_gamma = IDENTITIES
    return found.get("bloom", no_bloom), found.get("glare", no_glare), found.get("gamma", no_gamma)


def _of_type(params: Any, wanted: type[P]) -> P:
    if not isinstance(params, wanted):
        raise TypeError(f"params must be {wanted.__name__}, got {params!r}")
    return params


def _camera(camera: Camera | None) -> Camera:
    if camera is None:
        return DEFAULT_CAMERA
    if not isinstance(camera, Camera):
        raise TypeError(f"camera must be a lightnoise.Camera, got {camera!r}")
    return camera
