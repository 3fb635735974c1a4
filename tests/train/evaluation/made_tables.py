"""Result tables with known numbers."""

import numpy as np

from lightnoise_train.evaluation.results import COLUMNS, Results
from lightnoise_train.evaluation.tables import arm_tables

CONDITIONS = [("clean", 0)] + [(effect, level) for effect in ("bloom", "glare") for level in (1, 2, 3)]


def results(arms, n_frames=12, seeds=(0, 1), conditions=CONDITIONS, encoder="resnet18"):
    """Return results of arms given as functions (effect, severity, frame number, seed) -> row values that matter."""
    rows = []
    for arm, values in arms.items():
        for seed in seeds:
            for effect, severity in conditions:
                for frame in range(n_frames):
                    row = {"fp": 0.0, "fn": 0.0, "similarity": np.nan, "similarity_before": np.nan}
                    row |= {"arm": arm, "encoder": encoder, "seed": seed, "effect": effect, "severity": severity}
                    row |= {"frame": f"f{frame}", "block": f"b{frame // 3}"}
                    rows.append(row | values(effect, severity, frame, seed))
    columns = {
        name: np.array([row[name] for row in rows], object if kind is str else kind) for name, kind in COLUMNS.items()
    }
    return Results(columns)


def tables(arms, **kwargs):
    return {table.arm: table for table in arm_tables(results(arms, **kwargs))}
