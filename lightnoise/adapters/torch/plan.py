"""From params to tensors: everything that can be known before the images are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lightnoise import kernels
from lightnoise.adapters.torch import pyramid
from lightnoise.adapters.torch.lens import Lens
from lightnoise.adapters.torch.placing import column, place
from lightnoise.adapters.torch.precision import full_precision
from lightnoise.adapters.torch.recovery import Recovery
from lightnoise.adapters.torch.response import Response
from lightnoise.adapters.torch.sensor import Noise
from lightnoise.camera import Camera
from lightnoise.functional import sensor
from lightnoise.functional.chain import Effects, one_of_each
from lightnoise.functional.grid import frame_sizes, grid_of_level
from lightnoise.optics import pyramid as levels
from lightnoise.optics import response as curves
from lightnoise.params import EffectParams, GammaParams, Params

#: Params for all samples, or a list with those of each: one, a list of them (a chain), or an empty list (none).
BatchParams = Params | Sequence[Params] | Sequence[Params | Sequence[Params]]


@dataclass(frozen=True)
class Plan:
    """What `render` needs beside the images; make it with `prepare`. Parts that no sample needs are None.

    Parameters
    ----------
    height, width, channels : int
        Images that it is for.
    samples : int
        Images in a batch; 1 for any number that are treated alike.
    response : tuple of (str, float)
    gamma : Tensor of shape (B or 1, 1, 1, 1), float32, or None
    exposure : Tensor of shape (B or 1, 1, 1, 1), float32, or None
        Factor on linear light; None if light is the same behind the lens, so that nothing needs to be decoded.
    untouched : Tensor of shape (B or 1, 1, 1, 1), bool, or None
        Samples that come out bit for bit.
    first : Octave
        From the frame to its pyramid's first level.
    recovery : Recovery or None
    lens : Lens or None
    full_well, column_blooming : Tensor of shape (), float32
        The latter None if no charge spills.
    noise : Noise or None
    """

    height: int
    width: int
    channels: int
    samples: int
    response: Response
    gamma: Tensor | None
    exposure: Tensor | None
    untouched: Tensor | None
    first: pyramid.Octave
    recovery: Recovery | None
    lens: Lens | None
    full_well: Tensor
    column_blooming: Tensor | None
    noise: Noise | None

    @property
    def device(self) -> torch.device:
        """Where its tensors are."""
        return self.full_well.device

    def to(self, device: torch.device | str) -> Plan:
        """Return the plan with its tensors on another device, for one that was prepared in a worker process."""
        return _moved(self, torch.device(device))


def prepare(
    params: BatchParams,
    *,
    height: int,
    width: int,
    channels: int = 3,
    camera: Camera | None = None,
    device: torch.device | str = "cpu",
) -> Plan:
    """Turn params into tensors: the half of `chain` that runs on the host.

    Parameters
    ----------
    params : params, list of params, or list of B of either
        As for `chain`.
    height, width, channels : int
        Shape of the images, 1 or 3 channels.
    camera : Camera, optional
        Default ``Camera()``.
    device : torch.device or str
        Where the images will be.

    Returns
    -------
    Plan
        For `render`. Fits and spectra are cached, so that params seen before cost next to nothing; a new spread
        function costs some milliseconds, which a worker of a DataLoader can spend ahead (see `Plan.to`).

    Raises
    ------
    TypeError, ValueError
        If params are of the wrong kind, an effect stands twice in a chain, or the lens effects of a sample together
        spread more than the whole light.
    RuntimeError
        Within a graph of `torch.compile`.
    """
    if torch.compiler.is_compiling():
        raise RuntimeError("params are prepared on the host: call prepare() before, and compile render(images, plan)")
    samples = _per_sample(params)
    camera = Camera() if camera is None else camera
    if not isinstance(camera, Camera):
        raise TypeError(f"camera must be a lightnoise.Camera, got {camera!r}")
    device = torch.device(device)
    # tensors that are kept must serve in training too, whatever mode they are made in
    with torch.inference_mode(mode=False), torch.no_grad(), full_precision(device):
        return _plan(samples, height, width, channels, camera, device)


def is_shared(params: BatchParams) -> bool:
    """Whether params are for all images alike: one, or a flat list."""
    return isinstance(params, EffectParams) or all(isinstance(entry, EffectParams) for entry in params)


def _per_sample(params: BatchParams) -> list[Effects]:
    """Return each sample's three effects, the identity for those absent; one entry for params that all share."""
    if not is_shared(_listed(params)):
        return [one_of_each(_listed(entry)) for entry in _listed(params)]
    try:
        return [one_of_each(_listed(params))]
    except ValueError as error:
        raise ValueError(f"{error}; for params of each image write a list of lists") from None


def _listed(params: Any) -> Sequence[Any]:
    if isinstance(params, EffectParams):
        return [params]
    if not isinstance(params, Sequence) or isinstance(params, str):
        raise TypeError(f"params must be BloomParams, GlareParams or GammaParams, or a list, got {params!r}")
    return params


def _plan(samples: list[Effects], height: int, width: int, channels: int, camera: Camera, device: torch.device) -> Plan:
    gammas = [gamma for _, _, gamma in samples]
    exposures = np.array([2.0**gamma.exposure_ev for gamma in gammas])
    exponents = np.array([gamma.gamma for gamma in gammas])
    untouched = np.array([all(effect.is_identity for effect in effects) for effects in samples])
    through_lens = any(not (bloom.is_identity and glare.is_identity) for bloom, glare, _ in samples)
    noisy = any(gamma.has_noise for gamma in gammas)
    spills = camera.column_blooming > 0.0
    # as in `lightnoise.functional.chain`: what is brightened alone shows no recovered lamp
    recovers = camera.highlight_gain > 1.0 and (through_lens or noisy or spills or bool((exposures < 1.0).any()))
    linear = through_lens or noisy or spills or bool((exposures != 1.0).any())
    sizes = frame_sizes(height, width, camera)
    return Plan(
        height=height,
        width=width,
        channels=channels,
        samples=len(samples),
        response=curves.parse_response(camera.response),
        gamma=column(exponents, device) if (exponents != 1.0).any() else None,
        exposure=column(exposures, device) if linear else None,
        untouched=column(untouched, device, np.bool_) if untouched.any() else None,
        first=pyramid.octaves(sizes[:2], device)[0],
        recovery=_recovery(camera, height, width, device) if recovers else None,
        lens=Lens.of([effects[:2] for effects in samples], camera, height, width, channels, device)
        if through_lens
        else None,
        full_well=place(camera.full_well, device),
        column_blooming=place(camera.column_blooming, device) if spills else None,
        noise=_noise(gammas, device) if noisy else None,
    )


@lru_cache(maxsize=32)
def _recovery(camera: Camera, height: int, width: int, device: torch.device) -> Recovery:
    half = grid_of_level(height, width, camera, 1)
    sizes = levels.level_sizes(half.height, half.width)
    return Recovery.of((height, width), sizes, camera.highlight_gain, half.focal_x, device)


def _noise(gammas: Sequence[GammaParams], device: torch.device) -> Noise:
    keys = np.array([kernels.sensor.noise_key(np.uint32(gamma.noise_seed)) for gamma in gammas], np.uint32)
    return Noise(
        shot=column([gamma.shot for gamma in gammas], device),
        read=column([gamma.read for gamma in gammas], device),
        key=column(keys.view(np.int32), device, np.int32),
        normal=_normal(device),
    )


@lru_cache(maxsize=8)
def _normal(device: torch.device) -> Tensor:
    return place(sensor.normal_table(), device)


def _moved(value: Any, device: torch.device) -> Any:
    """Return a tree of dataclasses and tuples with its tensors on another device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(_moved(part, device) for part in value)
    if dataclasses.is_dataclass(value):
        parts = {field.name: _moved(getattr(value, field.name), device) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)  # type: ignore[type-var]
    return value
