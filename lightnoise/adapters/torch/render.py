"""From images to images: tensor operations alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from lightnoise.adapters.torch import lens, pyramid, response, sensor
from lightnoise.adapters.torch.plan import Plan
from lightnoise.adapters.torch.precision import full_precision
from lightnoise.adapters.torch.recovery import hold_measured, recover


def render(images: Tensor, plan: Plan, *, return_damage: bool = False) -> Any:
    """Send images through lens, exposure and sensor: the half of `chain` that runs on the device.

    Parameters
    ----------
    images : Tensor of shape (B, C, H, W), float32, bfloat16 or float16
        RGB, in [0, 1], of the plan's size and on its device. Values are not checked.
    plan : Plan
        From `prepare`.
    return_damage : bool
        Also return where the pictures were destroyed.

    Returns
    -------
    Tensor
        Same shape and dtype. All arithmetic between is in float32, also under autocast.
    damage : Tensor of shape (B, H, W), float32
        Only with ``return_damage``; see `lightnoise.chain`.

    Raises
    ------
    ValueError
        If the images are of another size than the plan.
    """
    wanted = (plan.channels, plan.height, plan.width)
    if images.ndim != 4 or tuple(images.shape[1:]) != wanted or plan.samples not in (1, images.shape[0]):
        batch = "B" if plan.samples == 1 else plan.samples
        raise ValueError(
            f"the plan is for images of shape ({batch}, {', '.join(map(str, wanted))}), got {images.shape}"
        )
    with full_precision(images.device):
        pictures, share = _pictures(images.float(), plan, return_damage)
        result = pictures.to(images.dtype)
        if plan.untouched is not None:
            result = torch.where(plan.untouched, images, result)
        return (result, _damage(images, result, share)) if return_damage else result


def _pictures(images: Tensor, plan: Plan, with_share: bool) -> tuple[Tensor, Tensor | None]:
    """Return encoded images and, if wanted and the lens took part, the fraction of stray luminance (B, 1, H, W)."""
    if plan.exposure is None:
        return (images if plan.gamma is None else response.power(images, plan.gamma)), None
    measured = response.decode(images, plan.response)
    light = measured
    if plan.recovery is not None:
        light = recover(measured, pyramid.shrink(measured, plan.first), plan.recovery)
    factor = plan.exposure if plan.lens is None else plan.lens.kept * plan.exposure
    direct = light * factor
    if plan.recovery is not None:
        direct = hold_measured(direct, measured, factor)
    share = None
    if plan.lens is not None:
        stray = lens.stray_light(light, plan.first, plan.lens)
        if plan.lens.disc is not None:
            direct = plan.lens.disc.add(direct, factor)
        if with_share:
            share = lens.stray_share(light, stray, plan.lens)
        direct = direct.addcmul_(stray, plan.exposure)
    if plan.column_blooming is not None:
        direct = sensor.spill(direct, plan.full_well, plan.column_blooming)
    if plan.noise is not None:
        direct = sensor.add_noise(torch.minimum(direct, plan.full_well), plan.noise)
    encoded = response.encode(direct, plan.response)
    return (encoded if plan.gamma is None else response.power(encoded, plan.gamma)), share


def _damage(before: Tensor, after: Tensor, share: Tensor | None) -> Tensor:
    """Return the damage map; see `lightnoise.chain`."""
    white = (after >= 1.0).all(1) & ~(before >= 1.0).all(1)
    black = (after <= 0.0).all(1) & ~(before <= 0.0).all(1)
    damage = torch.zeros(white.shape, device=white.device) if share is None else share[:, 0].clamp(0.0, 1.0)
    return torch.where(white | black, 1.0, damage)
