"""Bloom, glare, gamma and named light noise as torchvision v2 transforms.

>>> import torch
>>> from torchvision import tv_tensors
>>> from torchvision.transforms import v2
>>> from lightnoise.adapters.torchvision import Bloom, LightNoise
>>> pipeline = v2.Compose([v2.RandomHorizontalFlip(), Bloom(scatter=(0.02, 0.2)), LightNoise("low_sun", p=0.3)])
>>> sample = {"image": tv_tensors.Image(torch.zeros(3, 72, 128, dtype=torch.uint8)), "label": 4}
>>> pipeline(sample)["image"].shape
torch.Size([3, 72, 128])

PIL images, ``tv_tensors.Image`` and ``Video``, and plain tensors by torchvision's own rule (the first one, if the
sample holds no other image) get one draw per sample; in a video, sensor noise differs from frame to frame. Masks,
boxes and all else pass untouched, a `DamageMap` is written to. Draws come from torch's generator, so that
``torch.manual_seed`` and the workers of a DataLoader seed them; see `keyed` for draws that depend on no worker.

Images are on the CPU; ``lightnoise.adapters.torch`` takes batches on any device. A list of effects in one Compose
encodes to 8 bits after each; ``LightNoise(transform=ln.Chain([...]))`` does not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import torch
    from torchvision import tv_tensors
    from torchvision.transforms import v2
except ModuleNotFoundError as error:
    if error.name not in ("torch", "torchvision"):
        raise
    raise ModuleNotFoundError(
        'lightnoise.adapters.torchvision needs torch and torchvision: pip install "lightnoise[torchvision]"'
    ) from error

import cv2
import PIL.Image

from lightnoise import functional, transforms
from lightnoise.adapters.arguments import CameraLike, Names, Range, WholeRange, camera_from, light_noise_from
from lightnoise.adapters.drawing import add_damage, draw, of_frame
from lightnoise.params import Params

DTYPES = (torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.float64)
PIL_MODES = ("L", "RGB", "RGBA", "I;16")


class DamageMap(tv_tensors.Mask):
    """Where light noise destroyed the sample's first image: put one in the sample, and it is written to.

    Float tensor in [0, 1] of shape (H, W), or (T, H, W) for a video; see `lightnoise.chain` for its values. Later
    transforms crop, flip and resize it as a mask; several light noises add up.

    >>> damage = DamageMap.zeros_like(torch.zeros(3, 72, 128, dtype=torch.uint8))
    >>> image = torch.full((3, 72, 128), 100, dtype=torch.uint8)
    >>> Gamma(exposure_ev=4.0)(tv_tensors.Image(image), damage)[1].max()
    tensor(1.)
    """

    @classmethod
    def zeros_like(cls, image: Any) -> DamageMap:
        """Return the map of an image (PIL, or a tensor (..., C, H, W)) that nothing was done to."""
        if isinstance(image, PIL.Image.Image):
            return cls(torch.zeros(image.height, image.width))
        return cls(torch.zeros(*image.shape[:-3], *image.shape[-2:]))


class LightTransform(v2.Transform):
    """Base of the transforms: applies one draw of a lightnoise transform to every picture of a sample.

    Parameters
    ----------
    transform : lightnoise transform
        What to draw from.
    camera : Camera, str, dict or None
        See `Bloom`.
    """

    def __init__(self, transform: transforms.Transform, camera: CameraLike | None) -> None:
        super().__init__()
        self.noise = transform
        self.camera = camera_from(camera)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw once for the sample; where it holds a `DamageMap`, render its first image already."""
        seed = int(torch.empty((), dtype=torch.int64).random_())
        images = [one for one in flat_inputs if _is_image(one)]
        drawn = draw(self.noise, seed, type(self).__name__, _shape(images[0]) if images else ())
        rendered = None
        if drawn and any(isinstance(one, DamageMap) for one in flat_inputs):
            if not images:
                raise ValueError("a DamageMap needs an image in the same sample, got none")
            rendered = (images[0], *self._render(images[0], drawn, return_damage=True))
        return {"light_noise": drawn, "rendered": rendered}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Return one entry of the sample: images and damage maps under the draw, all else as it is."""
        drawn, rendered = params["light_noise"], params["rendered"]
        if not drawn:
            return inpt
        if isinstance(inpt, DamageMap):
            damage = add_damage(inpt.as_subclass(torch.Tensor).numpy(), rendered[2])
            return tv_tensors.wrap(torch.from_numpy(damage), like=inpt)
        if rendered is not None and inpt is rendered[0]:
            return rendered[1]
        return self._render(inpt, drawn, return_damage=False)[0] if _is_image(inpt) else inpt

    def extra_repr(self) -> str:
        """Return what is drawn from."""
        if isinstance(self.noise, transforms.Effect):
            return ", ".join(f"{name}={value!r}" for name, value in {**self.noise.ranges, "p": self.noise.p}.items())
        return repr(self.noise)

    def _render(self, image: Any, drawn: list[Params], return_damage: bool) -> tuple[Any, NDArray[np.float32] | None]:
        if not isinstance(image, PIL.Image.Image):
            return self._render_tensor(image, drawn, return_damage)
        if image.mode not in PIL_MODES:
            raise ValueError(f'a PIL image must be of mode {", ".join(PIL_MODES)}, got {image.mode}: convert("RGB")')
        picture, damage = self._chain(np.asarray(image), drawn, return_damage)
        return PIL.Image.fromarray(picture), damage

    def _render_tensor(self, image: Any, drawn: list[Params], return_damage: bool) -> tuple[Any, Any]:
        tensor = _checked(image)
        half = tensor.dtype in (torch.float16, torch.bfloat16)
        wide = tensor.float() if half else tensor
        if wide.ndim == 3:
            out, damage = self._render_frame(wide, drawn, return_damage)
        else:
            out, damage = self._render_film(wide, drawn, return_damage)
        return tv_tensors.wrap(out.to(tensor.dtype) if half else out, like=image), damage

    def _render_film(self, film: torch.Tensor, drawn: list[Params], return_damage: bool) -> tuple[torch.Tensor, Any]:
        frames = film.reshape(-1, *film.shape[-3:])
        out, damages = torch.empty_like(frames), []
        for number, (frame, target) in enumerate(zip(frames, out, strict=True)):
            picture, damage = self._render_frame(frame, of_frame(drawn, number), return_damage)
            target.copy_(picture)
            damages.append(damage)
        size = (*film.shape[:-3], *film.shape[-2:])
        return out.reshape(film.shape), np.stack(damages).reshape(size) if return_damage else None

    def _render_frame(self, frame: torch.Tensor, drawn: list[Params], return_damage: bool) -> tuple[torch.Tensor, Any]:
        """Return a frame (C, H, W) in the same layout; what lies there as (H, W, C) already is not copied."""
        planes = len(frame) > 1 and frame.is_contiguous()
        # many times faster than a strided copy
        pixels = cv2.merge(list(frame.numpy())) if planes else frame.permute(1, 2, 0).numpy()
        picture, damage = self._chain(pixels, drawn, return_damage)
        if not planes:
            return torch.from_numpy(picture).permute(2, 0, 1), damage
        out = torch.empty_like(frame)
        cv2.split(picture, list(out.numpy()))
        return out, damage

    def _chain(self, pixels: NDArray[Any], drawn: list[Params], return_damage: bool) -> tuple[NDArray[Any], Any]:
        if return_damage:
            return functional.chain(pixels, drawn, camera=self.camera, return_damage=True)
        return functional.chain(pixels, drawn, camera=self.camera), None


class Bloom(LightTransform):
    """Near-field scatter around every bright thing; see `lightnoise.BloomParams` for the physics.

    Parameters
    ----------
    scatter : float or (float, float)
        Fraction of the light that is scattered, [0, 1]. Here and below a number is fixed, a pair is a range to draw
        from; the defaults leave the picture as it is.
    radius_deg : float or (float, float)
        Angle that encircles half of the scattered light, degrees, [0.01, 45].
    falloff : float or (float, float)
        Moffat exponent, [−4, −2.3]: nearer to zero, the wider the skirt.
    psf : str
        "moffat", "spencer_photopic", "spencer_mesopic" or "spencer_scotopic".
    camera : Camera, str, dict or None
        A `lightnoise.Camera`, a name in `lightnoise.CAMERAS`, or a camera's fields.
    p : float
        Probability, [0, 1].

    Raises
    ------
    TypeError, ValueError
        Naming the field, the value and the allowed range; when called, what is wrong with the picture.
    """

    def __init__(
        self,
        scatter: Range = 0.0,
        radius_deg: Range = 1.0,
        falloff: Range = -3.0,
        psf: str = "moffat",
        camera: CameraLike | None = None,
        p: float = 1.0,
    ) -> None:
        super().__init__(
            transforms.Bloom(scatter=scatter, radius_deg=radius_deg, falloff=falloff, psf=psf, p=p), camera
        )


class Glare(LightTransform):
    """Veiling glare, starburst, ghosts and an added sun; see `lightnoise.GlareParams` for the physics.

    Parameters
    ----------
    veil : float or (float, float)
        Veiling-glare index as ISO 9358 measures it, fraction, [0, 0.9].
    starburst : float or (float, float)
        Fraction of the light that passes the diffracting aperture, [0, 1].
    blades : int or (int, int)
        Blades of the iris: 0 for a round one, else 3 to 32.
    rotation_deg : float or (float, float)
        Rotation of the iris, degrees, anticlockwise, [−360, 360].
    ghosts : float or (float, float)
        Fraction of the light that returns as reflections between lens surfaces, [0, 0.2].
    sun_azimuth_deg, sun_elevation_deg : float, (float, float) or None
        Direction of an added sun from the optical axis, degrees, right and up positive; both None for no sun.
    sun_strength : float or (float, float)
        Light of the added sun, [0, 10]; 1 makes a white card facing it reach white.
    veil_psf : str
        "harvey", lens roughness and dirt; or "cie", the eye.
    camera, p
        See `Bloom`.

    Raises
    ------
    TypeError, ValueError
        See `Bloom`.
    """

    def __init__(
        self,
        veil: Range = 0.0,
        starburst: Range = 0.0,
        blades: WholeRange = 6,
        rotation_deg: Range = 0.0,
        ghosts: Range = 0.0,
        sun_azimuth_deg: Range | None = None,
        sun_elevation_deg: Range | None = None,
        sun_strength: Range = 1.0,
        veil_psf: str = "harvey",
        camera: CameraLike | None = None,
        p: float = 1.0,
    ) -> None:
        transform = transforms.Glare(
            veil=veil,
            starburst=starburst,
            blades=blades,
            rotation_deg=rotation_deg,
            ghosts=ghosts,
            sun_azimuth_deg=sun_azimuth_deg,
            sun_elevation_deg=sun_elevation_deg,
            sun_strength=sun_strength,
            veil_psf=veil_psf,
            p=p,
        )
        super().__init__(transform, camera)


class Gamma(LightTransform):
    """Exposure, tone error and sensor noise; see `lightnoise.GammaParams` for the physics.

    Parameters
    ----------
    gamma : float or (float, float)
        Exponent on encoded values, [0.1, 10]: above 1 darkens.
    exposure_ev : float or (float, float)
        Exposure in stops, [−16, 16].
    shot, read : float or (float, float)
        Noise variance = shot·x + read with x in units of white, [0, 1] each; ranges are drawn evenly in the logarithm.
    noise_seed : int, (int, int) or None
        Names the noise pattern, [0, 2³² − 1]; None draws a new one each time.
    camera, p
        See `Bloom`.

    Raises
    ------
    TypeError, ValueError
        See `Bloom`.
    """

    def __init__(
        self,
        gamma: Range = 1.0,
        exposure_ev: Range = 0.0,
        shot: Range = 0.0,
        read: Range = 0.0,
        noise_seed: WholeRange | None = None,
        camera: CameraLike | None = None,
        p: float = 1.0,
    ) -> None:
        fixed: dict[str, Any] = {} if noise_seed is None else {"noise_seed": noise_seed}
        transform = transforms.Gamma(gamma=gamma, exposure_ev=exposure_ev, shot=shot, read=read, p=p, **fixed)
        super().__init__(transform, camera)


class LightNoise(LightTransform):
    """One of several situations, drawn evenly: presets, calibrated effects, or any lightnoise transform.

    Parameters
    ----------
    presets : str or sequence of str, optional
        Names of `lightnoise.PRESETS`. All of them if no argument names anything.
    effects : str or sequence of str, optional
        Names of `lightnoise.EFFECTS`, the calibrated ones.
    severity : int, (int, int) or None
        Level of the effects, 1 to 5, or the range to draw it from evenly; None for (1, 5).
    transform : lightnoise transform or dict, optional
        Any other, such as ``ln.Chain([...])``, or its dictionary (see `lightnoise.transforms.from_dict`).
    camera, p
        See `Bloom`.

    Raises
    ------
    TypeError, ValueError
        See `Bloom`; also for names and levels that do not exist.

    Examples
    --------
    >>> LightNoise("low_sun", effects=["bloom", "glare"], severity=(2, 4), camera="bdd100k").camera.f_number
    2.2
    """

    def __init__(
        self,
        presets: Names | None = None,
        effects: Names | None = None,
        severity: WholeRange | None = None,
        transform: transforms.Transform | dict[str, Any] | None = None,
        camera: CameraLike | None = None,
        p: float = 1.0,
    ) -> None:
        chosen = light_noise_from(presets, effects, severity, transform)
        super().__init__(chosen if p == 1.0 else transforms.OneOf([chosen], p=p), camera)


def keyed(pipeline: Callable[[Any], Any]) -> Callable[[Any, np.random.Generator], Any]:
    """Return a function (sample, generator) -> sample that runs a pipeline on a generator's draws alone.

    Parameters
    ----------
    pipeline : v2.Compose or any transform
        All its transforms, not only lightnoise's, then draw from the generator that comes with the sample. Torch's
        own generator is left as it was.

    Returns
    -------
    callable
        Takes a sample (any structure that the pipeline takes as one argument) and a Generator; picklable.
        See `lightnoise.adapters.loading.KeyedDataset`.
    """
    return partial(_run_keyed, pipeline)


def _run_keyed(pipeline: Callable[[Any], Any], sample: Any, generator: np.random.Generator) -> Any:
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(generator.integers(2**63)))
        return pipeline(sample)


def _is_image(entry: Any) -> bool:
    if isinstance(entry, tv_tensors.TVTensor):
        return isinstance(entry, (tv_tensors.Image, tv_tensors.Video))
    return isinstance(entry, (torch.Tensor, PIL.Image.Image))


def _shape(image: Any) -> tuple[int, ...]:
    """Return (H, W, C), as far as it is an image's."""
    if isinstance(image, PIL.Image.Image):
        return image.height, image.width, len(image.getbands())
    return (*image.shape[-2:], *image.shape[-3:-2])


def _checked(image: Any) -> Any:
    """Return an image tensor as a plain one, if numpy can read it and its shape is an image's."""
    tensor = image.as_subclass(torch.Tensor)
    if tensor.dtype not in DTYPES:
        raise TypeError(f"image dtype must be uint8, uint16 or a float in [0, 1]; got {tensor.dtype}")
    if tensor.ndim < 3 or tensor.shape[-3] not in (1, 3, 4) or tensor.numel() == 0:
        last = tensor.ndim >= 3 and tensor.shape[-1] in (1, 3, 4) and tensor.numel() > 0
        hint = "; channels come before height and width: use permute(2, 0, 1)" if last else ""
        raise ValueError(
            f"image must be a non-empty (..., C, H, W) tensor with 1, 3 or 4 channels; "
            f"got shape {tuple(tensor.shape)}{hint}"
        )
    if tensor.device.type != "cpu" or tensor.requires_grad:
        what = f"on {tensor.device}" if tensor.device.type != "cpu" else "with requires_grad"
        raise ValueError(
            f"image must be on the CPU and without gradient, got one {what}; see lightnoise.adapters.torch"
        )
    return tensor
