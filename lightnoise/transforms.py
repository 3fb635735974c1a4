"""Ranges to draw from, and what draws: the only place where chance enters.

A transform holds ranges; ``sample`` draws params from a Generator that it is given; calling it draws and applies.
The params are what to keep: `lightnoise.chain` with them gives the picture again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import numpy as np

from lightnoise import checks
from lightnoise.camera import Camera
from lightnoise.keyed import Draws
from lightnoise.params import BloomParams, EffectParams, GammaParams, GlareParams, Params

#: Fields whose range is drawn evenly in the logarithm: shot noise after Brooks et al. 2019, and read noise with it.
LOGARITHMIC = ("shot", "read")
WHOLE = ("blades",)
WORDS = ("psf", "veil_psf")


class Transform:
    """Something that draws a list of params for an image."""

    p: float

    def sample(self, rng: np.random.Generator, shape: Sequence[int]) -> list[Params]:
        """Draw params.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of chance. See `lightnoise.keyed.generator` for one keyed to an item.
        shape : sequence of int
            Shape of the image.

        Returns
        -------
        list of params
            Empty for a skipped draw (probability 1 − p).
        """
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
        return self.draw(Draws.of(rng), shape)

    def draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        """Draw params from numbers by name, so that one more effect or range moves no other; see `sample`."""
        if self.p < 1.0 and draws.uniform("p") >= self.p:
            return []
        return self._draw(draws, shape)

    def __call__(
        self,
        image: np.ndarray,
        *,
        rng: np.random.Generator,
        camera: Camera | None = None,
        return_damage: bool = False,
    ) -> Any:
        """Draw params and apply them; see `lightnoise.chain` for the image, the camera and the damage map."""
        from lightnoise import functional  # on first use: the optics take long to load

        params = self.sample(rng, image.shape)
        return functional.chain(image, params, camera=camera, return_damage=return_damage)

    def to_dict(self) -> dict[str, Any]:
        """Return the transform as plain dictionaries and lists, ready for JSON or YAML; see `from_dict`."""
        raise NotImplementedError

    def _draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Transform) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(repr(self.to_dict()))


class Effect(Transform):
    """Base of the three effects: a value or a range for every field of the effect's params.

    Parameters
    ----------
    p : float
        Probability that the effect is applied, [0, 1].
    **ranges
        Per field of the params: a number is fixed, a pair (low, high) is a range to draw from evenly (``shot`` and
        ``read``: evenly in the logarithm). Left out, a field keeps its default.
    """

    params_type: ClassVar[type[EffectParams]]

    def __init__(self, *, p: float = 1.0, **ranges: Any) -> None:
        self.p = checks.number("p", p, 0.0, 1.0)
        checks.keys(type(self).__name__, ranges, self.params_type.field_names())
        self.ranges = {name: _as_range(name, value) for name, value in ranges.items()}
        for end in (0, 1):  # both ends of every range must be values the params accept
            self.params_type(**{name: _end(value, end) for name, value in self.ranges.items()})

    def _draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        return [self.params_type(**self._values(draws))]  # type: ignore[list-item]

    def _values(self, draws: Draws) -> dict[str, Any]:
        return {
            name: _within(name, value, draws.uniform(name)) if isinstance(value, tuple) else value
            for name, value in self.ranges.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"bloom": {field: value or [low, high], …, "p": p}}``."""
        body: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in self.ranges.items()
        }
        if self.p != 1.0:
            body["p"] = self.p
        return {self.params_type.effect: body}

    def __repr__(self) -> str:
        fields = [f"{name}={value!r}" for name, value in self.ranges.items()]
        return f"{type(self).__name__}({', '.join([*fields, f'p={self.p:g}'])})"


class Bloom(Effect):
    """Draw and apply bloom. Fields: see `lightnoise.BloomParams`.

    Examples
    --------
    >>> t = Bloom(scatter=(0.05, 0.4), radius_deg=1.5)
    >>> 0.05 <= t.sample(np.random.default_rng(0), (720, 1280, 3))[0].scatter <= 0.4
    True
    """

    params_type = BloomParams


class Glare(Effect):
    """Draw and apply glare. Fields: see `lightnoise.GlareParams`."""

    params_type = GlareParams


class Gamma(Effect):
    """Draw and apply exposure, tone error and noise. Fields: see `lightnoise.GammaParams`.

    Unless ``noise_seed`` is given, every draw has noise of its own.
    """

    params_type = GammaParams

    def _values(self, draws: Draws) -> dict[str, Any]:
        return {"noise_seed": draws.whole("noise_seed", 2**32), **super()._values(draws)}


class Fixed(Transform):
    """Params as they are, noise pattern included, drawn with probability ``p``: how a draw is told to be made again."""

    def __init__(self, params: Iterable[Params], *, p: float = 1.0) -> None:
        self.params = list(params)
        self.p = checks.number("p", p, 0.0, 1.0)

    def _draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        return list(self.params)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"fixed": {"params": [...], "p": p}}``."""
        return {"fixed": {"params": [one.to_dict() for one in self.params], "p": self.p}}

    def __repr__(self) -> str:
        return f"Fixed({self.params!r}, p={self.p:g})"


class _Group(Transform):
    """Several transforms."""

    kind: ClassVar[str]

    def __init__(self, transforms: Iterable[Transform], *, p: float = 1.0) -> None:
        self.transforms = list(transforms)
        for one in self.transforms:
            if not isinstance(one, Transform):
                raise TypeError(f"{type(self).__name__} takes a list of transforms, got {one!r} in it")
        if not self.transforms:
            raise ValueError(f"{type(self).__name__} needs at least one transform")
        self.p = checks.number("p", p, 0.0, 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"chain" or "one_of": [member, …]}``, or ``{kind: {"of": […], "p": p}}`` where p is not 1."""
        members = [one.to_dict() for one in self.transforms]
        return {self.kind: members if self.p == 1.0 else {"of": members, "p": self.p}}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transforms!r}, p={self.p:g})"


class Chain(_Group):
    """Draw from every member; the effects are applied together, with one decode and one encode.

    Each effect may come from one member only, since it can stand once in a chain.
    """

    kind = "chain"

    def _draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        return [
            params
            for number, one in enumerate(self.transforms)
            for params in one.draw(draws.branch(str(number)), shape)
        ]


class OneOf(_Group):
    """Draw from one member, each as likely as another."""

    kind = "one_of"

    def _draw(self, draws: Draws, shape: Sequence[int]) -> list[Params]:
        return self.transforms[draws.whole("member", len(self.transforms))].draw(draws.branch("member"), shape)


EFFECT_TRANSFORMS: dict[str, type[Effect]] = {"bloom": Bloom, "glare": Glare, "gamma": Gamma}


def at_values(params: Params, *, p: float = 1.0) -> Effect:
    """Return the transform that draws these values, with probability ``p``; its noise, if any, is new in every draw."""
    fields = {name: getattr(params, name) for name in params.field_names() if name != "noise_seed"}
    return EFFECT_TRANSFORMS[params.effect](p=p, **fields)


def from_dict(spec: Any) -> Transform:
    """Build a transform from plain data, as it stands in a YAML file.

    Parameters
    ----------
    spec : dict with one key
        ``{"bloom" | "glare" | "gamma": {field: value or [low, high], "p": p}}``, ``{"chain" | "one_of": [spec, …]}``
        (or ``{"of": [spec, …], "p": p}``), ``{"preset": name}``, ``{"severity": {"effect": name, "level": 1…5}}``,
        ``{"fixed": {"params": [params.to_dict(), …], "p": p}}``.

    Returns
    -------
    Transform

    Raises
    ------
    TypeError, ValueError
        Naming the key or value that is wrong and what is allowed.
    """
    kinds = [*EFFECT_TRANSFORMS, "chain", "one_of", "preset", "severity", "fixed"]
    if not isinstance(spec, dict) or len(spec) != 1:
        raise ValueError(f"an effect is a dictionary with one key of {', '.join(kinds)}; got {spec!r}")
    [(kind, body)] = spec.items()
    checks.choice("effect", kind, kinds)
    if kind == "preset":
        from lightnoise.presets import preset

        return preset(body)
    if kind in ("chain", "one_of"):
        group = Chain if kind == "chain" else OneOf
        if isinstance(body, dict):
            checks.keys(kind, body, ("of", "p"))
            return group(_members(kind, body.get("of")), p=body.get("p", 1.0))
        return group(_members(kind, body))
    if not isinstance(body, dict):
        raise ValueError(f"{kind} needs a dictionary of its fields, got {body!r}")
    if kind == "severity":
        from lightnoise.severity import severity

        checks.keys("severity", body, ("effect", "level", "p"))
        return at_values(severity(str(body.get("effect")), body.get("level")), p=body.get("p", 1.0))
    if kind == "fixed":
        from lightnoise.params import params_from_dict

        checks.keys("fixed", body, ("params", "p"))
        return Fixed([params_from_dict(one) for one in body.get("params", [])], p=body.get("p", 1.0))
    fields: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in body.items()}
    return EFFECT_TRANSFORMS[kind](**fields)


def _members(kind: str, body: Any) -> list[Transform]:
    if not isinstance(body, list):
        raise ValueError(f"{kind} needs a list of effects, got {body!r}")
    return [from_dict(one) for one in body]


def _as_range(name: str, value: Any) -> Any:
    if isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, tuple):
        return value
    if name in WORDS or len(value) != 2 or any(isinstance(end, bool) for end in value):
        raise ValueError(f"{name} must be one value{'' if name in WORDS else ' or a pair (low, high)'}, got {value!r}")
    low, high = (checks.number(name, end) for end in value)
    if low > high:
        raise ValueError(f"{name} must be a pair (low, high) with low ≤ high, got {value!r}")
    if name in LOGARITHMIC and low <= 0.0:
        raise ValueError(f"{name} is drawn evenly in its logarithm, so a range must begin above 0, got {value!r}")
    return value


def _end(value: Any, which: int) -> Any:
    return value[which] if isinstance(value, tuple) else value


def _within(name: str, ends: tuple[Any, Any], draw: float) -> Any:
    """Return the value at ``draw`` in [0, 1) of a field's range."""
    low, high = ends
    if name in WHOLE or name == "noise_seed":
        return int(low) + int(draw * (int(high) - int(low) + 1))
    if name in LOGARITHMIC:
        return float(low * (high / low) ** draw)
    return float(low + draw * (high - low))
