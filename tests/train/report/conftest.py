"""Result files whose truth is known: each arm's accuracy falls with severity, by as much as it is told to."""

import numpy as np
import pytest

from lightnoise_train.evaluation import results

EFFECTS = ("bloom", "glare")
SEVERITIES = (1, 3, 5)


def _rows(arms, *, n_seeds=2, n_blocks=24, per_block=2, effects=EFFECTS, encoder="resnet18", similar=True, spread=0.03):
    """Return rows; ``arms`` says how much accuracy each arm loses from one severity to the next."""
    rng = np.random.default_rng(5)
    blocks = np.repeat(np.arange(n_blocks), per_block)
    hard = rng.normal(0.0, 0.02, n_blocks)[blocks]  # what a block's frames have in common
    made = []
    for arm, loss in arms.items():
        for seed in range(n_seeds):
            for effect, severity in [(results.CLEAN, 0), *((e, s) for e in effects for s in SEVERITIES)]:
                fall = loss * severity * np.exp(rng.normal(0.0, 0.4, len(blocks)))
                accuracy = np.clip(0.93 + hard - fall + rng.normal(0.0, spread, len(blocks)), 0.0, 1.0)
                cosine = np.clip(1.0 - 2.0 * fall, -1.0, 1.0)
                for i, block in enumerate(blocks):
                    made.append(
                        {
                            "arm": arm,
                            "encoder": encoder,
                            "seed": seed,
                            "effect": effect,
                            "severity": severity,
                            "frame": f"clips/{block:02d}/{i}.jpg",
                            "block": f"{block:02d}",
                            "accuracy": float(accuracy[i]),
                            "fp": float(0.9 * (1.0 - accuracy[i])),
                            "fn": float(1.0 - accuracy[i]),
                            "similarity": float(cosine[i]) if similar else None,
                            "similarity_before": None,
                        }
                    )
    return made


def _write(path, rows, *, sources=None, command="lightnoise-train benchmark --out judged", prior=None, **more):
    chance = {"similarity": {"mean": 0.5, "std": 0.05, "pairs": 100}}
    runs = [
        {
            "arm": arm,
            "encoder": encoder,
            "seed": seed,
            "source": (sources or {}).get(arm, "elsewhere"),
            "chance": chance,
            **more,
        }
        for arm, encoder, seed in dict.fromkeys((row["arm"], row["encoder"], row["seed"]) for row in rows)
    ]
    results.write_results(path, results.header(runs, {"seed": 0, "part": "test"}, command, prior), rows)
    return path


@pytest.fixture(scope="session")
def make_rows():
    """A function that returns rows of results."""
    return _rows


@pytest.fixture(scope="session")
def write_rows():
    """A function that writes rows as a result file."""
    return _write
