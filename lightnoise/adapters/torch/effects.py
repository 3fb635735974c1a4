"""The three effects and their chain on batches of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from lightnoise.adapters.torch.images import check_images
from lightnoise.adapters.torch.plan import BatchParams, is_shared, prepare
from lightnoise.adapters.torch.render import render
from lightnoise.camera import Camera
from lightnoise.params import BloomParams, EffectParams, GammaParams, GlareParams


def bloom(
    images: Tensor,
    params: BloomParams | Sequence[BloomParams],
    *,
    camera: Camera | None = None,
    return_damage: bool = False,
    validate: bool | None = None,
) -> Any:
    """Apply bloom alone, one for all images or one for each; see `chain`."""
    return _alone(BloomParams, images, params, camera, return_damage, validate)


def glare(
    images: Tensor,
    params: GlareParams | Sequence[GlareParams],
    *,
    camera: Camera | None = None,
    return_damage: bool = False,
    validate: bool | None = None,
) -> Any:
    """Apply glare alone, one for all images or one for each; see `chain`."""
    return _alone(GlareParams, images, params, camera, return_damage, validate)


def gamma(
    images: Tensor,
    params: GammaParams | Sequence[GammaParams],
    *,
    camera: Camera | None = None,
    return_damage: bool = False,
    validate: bool | None = None,
) -> Any:
    """Apply exposure, tone error and noise alone, one for all images or one for each; see `chain`."""
    return _alone(GammaParams, images, params, camera, return_damage, validate)


def chain(
    images: Tensor,
    params: BatchParams,
    *,
    camera: Camera | None = None,
    return_damage: bool = False,
    validate: bool | None = None,
) -> Any:
    """Apply several effects on linear light with one decode and one encode, to a batch on its device.

    Parameters
    ----------
    images : Tensor of shape (B, 3, H, W) or (B, 1, H, W), float32, bfloat16 or float16
        RGB order, in [0, 1]. Never modified.
    params : params, list of params, or list of B of either
        One of `BloomParams`, `GlareParams`, `GammaParams`, or a list of them, for all images alike, noise included;
        or a list with an entry for each image: a list of params (empty: the image stays as it is), or one.
    camera : Camera, optional
        Default ``Camera()``.
    return_damage : bool
        Also return where the pictures were destroyed.
    validate : bool, optional
        Whether to look at the images' values. That makes the host wait for the device, so that by default (None) it
        is done for images on the CPU alone. Shape and dtype are always checked.

    Returns
    -------
    Tensor
        Same shape, dtype and device. Identity params give the same values bit for bit.
    damage : Tensor of shape (B, H, W), float32
        Only with ``return_damage``; see `lightnoise.chain`.

    Raises
    ------
    TypeError, ValueError
        If images or params are of the wrong kind or number, an effect stands twice in a chain, or the lens effects
        of an image together spread more than the whole light.
    RuntimeError
        Within a graph of `torch.compile`: compile `render` instead.
    """
    check_images(images, validate)
    batch, channels, height, width = images.shape
    plan = prepare(params, height=height, width=width, channels=channels, camera=camera, device=images.device)
    if not is_shared(params) and len(params) != batch:  # type: ignore[arg-type]
        raise ValueError(f"params must have one entry for each of {batch} images, got {len(params)}")  # type: ignore[arg-type]
    return render(images, plan, return_damage=return_damage)


def _alone(
    wanted: type[EffectParams],
    images: Tensor,
    params: Any,
    camera: Camera | None,
    return_damage: bool,
    validate: bool | None,
) -> Any:
    shared = isinstance(params, wanted)
    entries = [params] if shared or not isinstance(params, Sequence) else list(params)
    for entry in entries:
        if not isinstance(entry, wanted):
            raise TypeError(f"params must be {wanted.__name__} or a list with one for each image, got {entry!r}")
    return chain(
        images,
        entries if shared else [[entry] for entry in entries],
        camera=camera,
        return_damage=return_damage,
        validate=validate,
    )
