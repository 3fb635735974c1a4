"""``lightnoise-train evaluate``: TuSimple's metric of a prediction file."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command("evaluate", short_help="Score lanes against labels by TuSimple's rules.")
@click.option(
    "--pred",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Predictions: one JSON object per line with raw_file, lanes and run_time (ms).",
)
@click.option(
    "--gt",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Labels, such as test_label.json: one JSON object per line with raw_file, lanes and h_samples.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(pred: Path, gt: Path, as_json: bool) -> None:
    """Score lane predictions against labels by the rules of TuSimple's official script.

    \b
    lightnoise-train evaluate --pred predictions.json --gt test_label.json
    lightnoise-train evaluate --pred predictions.json --gt test_label.json --json

    Every labelled frame must be predicted, with no lanes if need be. accuracy: share of right points. fp: share of
    predicted lanes that match none. fn: share of labelled lanes not found. f1: of precision 1 - fp and recall 1 - fn.
    """
    from lightnoise_train.errors import DataError
    from lightnoise_train.evaluation.predictions import read_predictions
    from lightnoise_train.evaluation.tusimple import evaluate
    from lightnoise_train.lanes.labels import read_labels

    labels = read_labels(gt)
    if not labels:
        raise DataError(f"{gt}: holds no labels")
    predictions = read_predictions(pred)
    try:
        score = evaluate(predictions, labels)
    except DataError as error:
        raise DataError(f"{pred} against {gt}: {error}") from None
    untimed = sum(prediction.run_time is None for prediction in predictions)
    if untimed:
        click.echo(f"Note: {untimed} predictions have no run_time, which TuSimple's server asks for.", err=True)
    if as_json:
        click.echo(json.dumps(score.to_dict()))
        return
    for name, value in score.to_dict().items():
        click.echo(f"{name:10}{value:.4f}")
    click.echo(f"{'frames':10}{len(labels)}")
