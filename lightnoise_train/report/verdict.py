"""What the numbers say in plain words, and never more than their intervals allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lightnoise_train.evaluation.bootstrap import Interval

Finding = Literal["better", "worse", "open"]

_FEW_BLOCKS = 20
_FEW_SEEDS = 5


@dataclass(frozen=True)
class Difference:
    """The accuracy of an arm minus that of another on the same frames.

    Parameters
    ----------
    arm, other : str
        The arm that is judged, and the one that it is judged against.
    where : str
        On which frames: "under light noise", "on clean frames".
    value, low, high : float
        Mean difference in [−1, 1] and its 95 % interval; NaN bounds where there is no interval.
    n_seeds : int
        Training seeds that both arms have, compared run by run. Below 2 the interval knows of one network each.
    """

    arm: str
    other: str
    where: str
    value: float
    low: float
    high: float
    n_seeds: int

    @property
    def finding(self) -> Finding:
        """Better or worse where the whole interval lies on one side of zero, else open."""
        if self.low > 0.0:
            return "better"
        return "worse" if self.high < 0.0 else "open"


def sentence(difference: Difference) -> str:
    """Say what a difference shows."""
    d = difference
    over = "" if d.n_seeds > 1 else ", over frames alone"
    interval = f"{_points(d.value)} points of accuracy (95 % interval {_points(d.low)} to {_points(d.high)}{over})"
    if not np.isfinite([d.low, d.high]).all():
        return (
            f"{d.arm} against {d.other} {d.where}: {_points(d.value)} points of accuracy. There are too few frames for "
            "an interval, so nothing follows from it."
        )
    if d.finding != "open":
        return f"{d.arm} is {d.finding} than {d.other} {d.where}: {interval}."
    return (
        f"{d.arm} and {d.other} cannot be told apart {d.where}: {interval}. The difference is within noise, which is "
        "no proof that they are equal."
    )


def headline(differences: Sequence[Difference]) -> str:
    """Say in one sentence how the arms stand against the one that they are judged against."""
    if not differences:
        return "There is nothing to compare: the results hold one arm for each encoder."
    first = differences[0]
    said = []
    for finding, words in (("better", "better"), ("worse", "worse"), ("open", "not to be told apart from it")):
        arms = [d.arm for d in differences if d.finding == finding]
        if arms:
            said.append(f"{_listed(arms)} {'is' if len(arms) == 1 else 'are'} {words}")
    networks = "" if min(d.n_seeds for d in differences) > 1 else ", by these networks"
    return f"Against {first.other} {first.where}{networks}: {'; '.join(said)}."


def against_prior(prior: float, clean: Mapping[str, Interval]) -> str:
    """Say which arms beat the prior that answers the mean lanes.

    Parameters
    ----------
    prior : float
        Its accuracy.
    clean : mapping of str to Interval
        Accuracy of each arm on the same frames without noise.
    """
    below = below_prior(prior, clean)
    words = f"the prior that answers the mean lanes of the training part to every frame, accuracy {prior:.3f}"
    if not below:
        return f"On clean frames every arm beats {words}."
    return (
        f"On clean frames {_listed(below)} {'does' if len(below) == 1 else 'do'} not clearly beat {words}: what is "
        "said of such an arm tells little about detection."
    )


def below_prior(prior: float, clean: Mapping[str, Interval]) -> list[str]:
    """Return the arms that do not clearly beat the prior: those whose interval reaches down to it, or is unknown."""
    return [arm for arm, found in clean.items() if not found.low > prior]


def failing(below: Sequence[str]) -> str:
    """Say in a few words which arms do not beat the prior."""
    return f"{_listed(below)} {'does' if len(below) == 1 else 'do'} not clearly beat the prior, which looks at nothing."


def down_to_prior(arm: str, conditions: Sequence[tuple[str, int]]) -> str:
    """Say where noise takes an arm down to the prior; ``conditions`` are effects and severities."""
    levels: dict[str, list[str]] = {}
    for effect, severity in conditions:
        levels.setdefault(effect, []).append(str(severity))
    where = [f"{effect} {', '.join(severities)}" for effect, severities in levels.items()]
    return f"Noise takes {arm} down to the prior: it does not clearly beat it at {_listed(where)}."


def caveats(n_frames: int, n_blocks: int, n_seeds: int, n_comparisons: int) -> list[str]:
    """Say what the intervals leave out.

    Parameters
    ----------
    n_frames, n_blocks, n_seeds : int
        Frames, the blocks of them that were drawn together, and training seeds that arms were compared on, the fewest.
    n_comparisons : int
        How many differences are judged at 95 %.
    """
    said = []
    if n_seeds < 2:
        said.append(
            "Arms are compared on one training run each. The intervals say how much other frames could change the "
            "numbers, not how much another training run could: a difference of arms may be one of runs."
        )
    elif n_seeds < _FEW_SEEDS:
        said.append(
            f"Arms are compared on {n_seeds} training runs each. Intervals drawn from so few are narrower than they "
            "should be."
        )
    if n_blocks < _FEW_BLOCKS:
        few = (
            f"There are {n_frames} frames only"
            if n_blocks == n_frames
            else f"The {n_frames} frames form {n_blocks} blocks only, each drawn as one since its frames are alike"
        )
        said.append(f"{few}. Intervals from so few are rough, and narrower than they should be.")
    if n_comparisons > 1:
        said.append(
            f"{n_comparisons} differences are judged at 95 % each, without correction: if none of the arms differed, "
            "one in twenty would still be called better or worse."
        )
    return said


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-0.0", "0.0").replace("+0.0", "0.0").replace("-", "−")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
