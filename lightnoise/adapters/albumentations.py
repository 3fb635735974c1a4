"""Bloom, glare, gamma and named light noise as Albumentations transforms (albumentations 2.0, albumentationsx).

>>> import albumentations as A, numpy as np
>>> from lightnoise.adapters.albumentations import Bloom, LightNoise
>>> pipeline = A.Compose([A.HorizontalFlip(), A.OneOf([Bloom(scatter=(0.02, 0.2)), LightNoise("low_sun")])], seed=7)
>>> out = pipeline(image=np.zeros((72, 128, 3), np.uint8), mask=np.zeros((72, 128), np.uint8))
>>> out["image"].shape
(72, 128, 3)

Only pixels change: masks, boxes and keypoints pass untouched. ``image``, additional targets of that type and all frames
of ``images`` get one draw (sensor noise differs from frame to frame). The draw is kept as plain dictionaries, so
ReplayCompose, ``save_applied_params`` and ``A.save`` go through JSON; before ``A.load``, import this module.

A list of effects in one Compose encodes to 8 bits after each; ``LightNoise(transform=ln.Chain([...]))`` does not.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    import albumentations as A
except ModuleNotFoundError as error:
    if error.name != "albumentations":
        raise
    raise ModuleNotFoundError(
        'lightnoise.adapters.albumentations needs Albumentations: pip install "lightnoise[albumentations]"'
    ) from error

from lightnoise import functional, transforms
from lightnoise.adapters.arguments import CameraLike, Names, Range, WholeRange, camera_from, light_noise_from
from lightnoise.adapters.drawing import add_damage, draw, of_frame
from lightnoise.camera import Camera
from lightnoise.params import Params, params_from_dict

#: Under this name the host keeps a draw: params as dictionaries.
DRAWN = "light_noise"


class LightTransform(A.ImageOnlyTransform):
    """Base of the transforms: applies one draw of a lightnoise transform to every picture of a sample.

    Parameters
    ----------
    transform : lightnoise transform
        What to draw from.
    camera : Camera, str, dict or None
        See `Bloom`.
    damage_key : str or None
        See `Bloom`.
    p : float
        Probability, [0, 1].
    """

    def __init__(
        self, transform: transforms.Transform, camera: CameraLike | None, damage_key: str | None, p: float
    ) -> None:
        super().__init__(p=p)
        self.transform = transform
        self.camera = camera_from(camera)
        self.damage_key = damage_key

    def apply(self, img: NDArray[Any], *args: Any, **params: Any) -> NDArray[Any]:
        """Return one picture under the draw; see `lightnoise.chain` for what it may be."""
        return functional.chain(img, _drawn(params), camera=self.camera)

    def apply_to_images(self, images: NDArray[Any], *args: Any, **params: Any) -> NDArray[Any]:
        """Return the frames (N, H, W) or (N, H, W, C) under one draw."""
        return np.stack(self._frames(images, _drawn(params), return_damage=False))

    def apply_with_params(self, params: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Apply the draw to all targets, and add the damage done to ``image``, else to ``images``."""
        key = next((name for name in ("image", "images") if kwargs.get(name) is not None), None)
        if self.damage_key is None or key is None:
            return super().apply_with_params(params, *args, **kwargs)
        drawn = _drawn(params if isinstance(params, Mapping) else params.params)
        if key == "image":
            picture, damage = functional.chain(kwargs[key], drawn, camera=self.camera, return_damage=True)
        else:
            frames = self._frames(kwargs[key], drawn, return_damage=True)
            picture, damage = (np.stack(parts) for parts in zip(*frames, strict=True))
        others = {name: value for name, value in kwargs.items() if name not in (key, self.damage_key)}
        result = super().apply_with_params(params, *args, **others)
        damage = add_damage(kwargs.get(self.damage_key), damage)
        return {**kwargs, **result, key: picture, self.damage_key: damage}

    def update_transform_params(self, params: dict[str, Any], data: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Refuse what has no size to draw for, before the host asks for it."""
        images = data.get("images")
        if images is not None and len(images) == 0:
            raise ValueError(f"images must hold at least one frame (N, H, W, C), got {np.shape(images)}")
        image = data.get("image")
        if image is not None and not hasattr(image, "shape"):
            raise TypeError(f"image must be a numpy array (H, W, C), got {type(image).__name__}")
        return super().update_transform_params(params, data, *args, **kwargs)

    # albumentationsx has a hook of its own, and refuses classes that define Albumentations' one
    if hasattr(A.ImageOnlyTransform, "sample_parameters"):

        def sample_parameters(self, params: dict[str, Any], data: Any, targets: Any, sampling: Any) -> Any:
            """Draw once for the sample, and tell the host the arguments that give this draw again."""
            drawn = self._draw(sampling.random_generator, params)
            sampling.applied_overrides.update(self._args_of(drawn))
            return A.SampledParams(params={DRAWN: drawn})

    else:

        def get_params_dependent_on_data(self, params: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
            """Draw once for the sample."""
            return {DRAWN: self._draw(self.random_generator, params)}

    def get_transform_init_args(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data, for ``A.to_dict`` and ``repr``; `p` is the host's."""
        return {
            **self._transform_args(),
            "camera": None if self.camera == Camera() else self.camera.to_dict(),
            "damage_key": self.damage_key,
        }

    def _transform_args(self) -> dict[str, Any]:
        assert isinstance(self.transform, transforms.Effect)
        return dict(self.transform.ranges)

    def _args_of(self, drawn: list[dict[str, Any]]) -> dict[str, Any]:
        return {name: value for name, value in drawn[0].items() if name != "effect"}

    def _draw(self, generator: np.random.Generator, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        seed = int(generator.integers(2**63))
        return [one.to_dict() for one in draw(self.transform, seed, type(self).__name__, params.get("shape", ()))]

    def _frames(self, images: Any, drawn: list[Params], return_damage: bool) -> list[Any]:
        return [
            functional.chain(image, of_frame(drawn, number), camera=self.camera, return_damage=return_damage)
            for number, image in enumerate(images)
        ]


class Bloom(LightTransform):
    """Near-field scatter around every bright thing; see `lightnoise.BloomParams` for the physics.

    Targets: image, images, volume, volumes; uint8, or float32 in [0, 1], RGB.

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
    damage_key : str or None
        Where in the result to write the damage map (see `lightnoise.chain`) of ``image``, (H, W), or of ``images``,
        (N, H, W), float32. A map that stands there already is added to. Hand in zeros, so that it is there if the
        transform was skipped, too; with ``additional_targets={"damage": "mask"}`` it is cropped and flipped with the
        image (albumentationsx allows that for samples that have a ``mask``).
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
        damage_key: str | None = None,
        p: float = 0.5,
    ) -> None:
        transform = transforms.Bloom(scatter=scatter, radius_deg=radius_deg, falloff=falloff, psf=psf)
        super().__init__(transform, camera, damage_key, p)


class Glare(LightTransform):
    """Veiling glare, starburst, ghosts and an added sun; see `lightnoise.GlareParams` for the physics.

    Targets: image, images, volume, volumes; uint8, or float32 in [0, 1], RGB.

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
    camera, damage_key, p
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
        damage_key: str | None = None,
        p: float = 0.5,
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
        )
        super().__init__(transform, camera, damage_key, p)


class Gamma(LightTransform):
    """Exposure, tone error and sensor noise; see `lightnoise.GammaParams` for the physics.

    Targets: image, images, volume, volumes; uint8, or float32 in [0, 1], RGB.

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
    camera, damage_key, p
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
        damage_key: str | None = None,
        p: float = 0.5,
    ) -> None:
        fixed: dict[str, Any] = {} if noise_seed is None else {"noise_seed": noise_seed}
        transform = transforms.Gamma(gamma=gamma, exposure_ev=exposure_ev, shot=shot, read=read, **fixed)
        super().__init__(transform, camera, damage_key, p)


class LightNoise(LightTransform):
    """One of several situations, drawn evenly: presets, calibrated effects, or any lightnoise transform.

    Targets: image, images, volume, volumes; uint8, or float32 in [0, 1], RGB.

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
    camera, damage_key, p
        See `Bloom`.

    Raises
    ------
    TypeError, ValueError
        See `Bloom`; also for names and levels that do not exist.

    Examples
    --------
    >>> LightNoise(["low_sun", "tunnel_exit"], effects="glare", severity=(2, 4), camera="bdd100k").p
    0.5
    """

    def __init__(
        self,
        presets: Names | None = None,
        effects: Names | None = None,
        severity: WholeRange | None = None,
        transform: transforms.Transform | dict[str, Any] | None = None,
        camera: CameraLike | None = None,
        damage_key: str | None = None,
        p: float = 0.5,
    ) -> None:
        super().__init__(light_noise_from(presets, effects, severity, transform), camera, damage_key, p)
        self._args = {
            "presets": _plain(presets),
            "effects": _plain(effects),
            "severity": _plain(severity),
            "transform": transform.to_dict() if isinstance(transform, transforms.Transform) else transform,
        }

    def _transform_args(self) -> dict[str, Any]:
        return dict(self._args)

    def _args_of(self, drawn: list[dict[str, Any]]) -> dict[str, Any]:
        return {**dict.fromkeys(self._args), "transform": {"fixed": {"params": drawn}}}


def keyed(pipeline: Any) -> Callable[[dict[str, Any], np.random.Generator], dict[str, Any]]:
    """Return a function (sample, generator) -> sample that runs a pipeline on a generator's draws alone.

    Parameters
    ----------
    pipeline : A.Compose or any transform
        All its transforms, not only lightnoise's, then draw from the generator that comes with the sample.

    Returns
    -------
    callable
        Takes a dictionary of the host's targets, such as ``{"image": …, "mask": …}``, and a Generator; picklable.
        See `lightnoise.adapters.loading.KeyedDataset`.
    """
    return partial(_run_keyed, pipeline)


def _run_keyed(pipeline: Any, sample: dict[str, Any], generator: np.random.Generator) -> dict[str, Any]:
    if not isinstance(sample, Mapping):
        raise TypeError(f'the sample must be a dictionary such as {{"image": …}}, got {type(sample).__name__}')
    pipeline.set_random_state(generator, random.Random(int(generator.integers(2**63))))
    return pipeline(**sample)


def _drawn(params: Mapping[str, Any]) -> list[Params]:
    return [params_from_dict(one) for one in params[DRAWN]]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int)) else tuple(value)
