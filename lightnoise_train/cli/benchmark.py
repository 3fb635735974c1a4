"""``lightnoise-train benchmark``: judge models under light noise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lightnoise.cli import options
from lightnoise_train.cli import settings as shared
from lightnoise_train.cli.progress import bar

if TYPE_CHECKING:
    from lightnoise_train.evaluation.results import Results

_NORMALISATIONS = {
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}


@click.command("benchmark", short_help="Judge models under light noise.")
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="[ARM=]MODEL",
    help="May be given more than once: a folder of finetune; a segmenter of TorchScript (.pt), torch.export (.pt2) or "
    "ONNX (.onnx); a folder of prediction files (clean.json, bloom-3.json, …); or a function as module:function.",
)
@options.out_folder
@click.option("--in", "root", type=click.Path(path_type=Path), metavar="DIR", help="TuSimple's root.")
@click.option(
    "--noised",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Instead of --in: what `data noise` wrote, read as it is.",
)
@click.option("--scenes", type=click.IntRange(1), help="Instead of --in: so many embedded road scenes.")
@click.option("--part", type=click.Choice(["test", "val", "train"]), help="Of the data.  [default: test]")
@click.option(
    "--effect",
    "effects",
    multiple=True,
    metavar="NAME",
    help="May be given more than once: bloom, glare, gamma_over, gamma_under; mixed, one of all presets for each "
    "frame; a preset; or a foreign function (image, severity) as module:function.  [default: the first five]",
)
@click.option(
    "--severity",
    "severities",
    type=click.IntRange(0, 5),
    multiple=True,
    help="May be given more than once.  [default: 1 to 5; the clean frames are always judged]",
)
@click.option(
    "--unlabelled",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="DIR",
    help="May be given more than once: images without labels, such as real night frames. Lanes are written and "
    "counted, not scored.",
)
@click.option("--seed", type=click.IntRange(0), help="Of the light.  [default: 0]")
@click.option("--camera", metavar="NAME", help="What took the frames; `lightnoise effects` lists them.")
@shared.configured
@click.option("--device", default="auto", show_default=True, metavar="NAME", help="cpu, cuda, cuda:1, …")
@options.workers
@click.option("--input-size", metavar="HxW", help="Of a .pt, .pt2 or .onnx segmenter.  [default: its own, or 224x224]")
@click.option(
    "--normalise", type=click.Choice(list(_NORMALISATIONS)), default="unit", show_default=True, help="Of such a model."
)
@click.option(
    "--output",
    type=click.Choice(["logits", "probability"]),
    default="logits",
    show_default=True,
    help="Of such a model.",
)
@shared.resume
@options.overwrite
def command(
    models: tuple[str, ...],
    out: Path,
    root: Path | None,
    noised: Path | None,
    scenes: int | None,
    config_file: Path | None,
    settings: tuple[str, ...],
    device: str,
    input_size: str | None,
    normalise: str,
    output: str,
    resume: bool,
    overwrite: bool,
    **flags: Any,
) -> None:
    """Judge lane detectors on clean frames and under each effect at each severity.

    \b
    lightnoise-train benchmark --model runs/simclr --model runs/baseline --out judged/
    lightnoise-train benchmark --model mine=my_detector:find_lanes --in tusimple/ --out judged/
    lightnoise-train benchmark --model net.onnx --normalise imagenet --noised noised/ --out judged/
    lightnoise-train benchmark --model runs/simclr --effect my_fog.py:fog --unlabelled night/ --out held_out/

    Without --in, --noised or --scenes, runs of finetune are judged on the test part of their own data, other models
    on embedded scenes. A function gets (image, h_samples) and returns a list of lanes, one column per row, -2 where
    absent. OUT gets results.jsonl, each frame's accuracy, FP, FN and similarity, for `report`; predictions/ in
    TuSimple's official form; examples of frames with lanes; and config.yaml. All models see the same pictures, drawn
    once. After an interruption --resume goes on with the frames that are left.

    \b
    Settings beside the flags, with their defaults:
      data.split official | blocks      blocks: small sets, by stretches of a drive
      data.blocks_per_drive 10          also the blocks that intervals resample
      height null                       rows at which light is drawn; 360 is faster and all but the same at 224×224
    """
    from lightnoise_train import config as configs
    from lightnoise_train.evaluation import benchmark
    from lightnoise_train.evaluation.predictors import open_predictors
    from lightnoise_train.evaluation.results import read_results
    from lightnoise_train.evaluation.segmenters import Pixels
    from lightnoise_train.report.examples import show_course

    data = _data(models, root, noised, scenes, config_file)
    given = {name: value for name, value in {**data, "noised": noised, **flags}.items() if value not in (None, ())}
    as_settings = [f"{name}={json.dumps(value, default=str)}" for name, value in given.items()]
    config = configs.load(benchmark.BenchmarkConfig, config_file, [*as_settings, *settings])
    pixels = Pixels(_size(input_size), *_NORMALISATIONS[normalise], output)
    predictors = open_predictors(models, pixels, _device(device))
    course = benchmark.course(config)
    click.echo(f"{len(course.frames)} frames × {len(course.conditions)} conditions × {len(predictors)} models")
    path = benchmark.run(
        config,
        predictors,
        course,
        out,
        resume=resume,
        overwrite=overwrite,
        command=shared.command_line(),
        progress=bar("frame"),
    )
    show_course(out, course, predictors, path)
    for line in _lines(read_results(path)):
        click.echo(line)
    click.echo(f"{path}; next:  lightnoise-train report {out} --out report/")


def _data(
    models: Sequence[str], root: Path | None, noised: Path | None, scenes: int | None, file: Path | None
) -> dict[str, Any]:
    """Return the settings that the flags, or the runs that are judged, make of the data."""
    from lightnoise_train.evaluation.course import data_of_runs
    from lightnoise_train.evaluation.predictors import split_name
    from lightnoise_train.evaluation.segmenters import SEGMENTER_FILE

    if sum(each is not None for each in (root, noised, scenes)) > 1:
        raise click.UsageError("--in, --noised and --scenes contradict each other: give one of them")
    if scenes is not None:
        return {"data.kind": "roads", "data.held_out": scenes}
    if root is not None or noised is not None:
        return {"data.kind": "tusimple", "data.root": str(root or noised)}
    folders = [Path(split_name(model)[1]) for model in models]
    of_runs = None if file else data_of_runs([folder for folder in folders if (folder / SEGMENTER_FILE).is_file()])
    return {} if of_runs is None else {"data": of_runs.model_dump(mode="json")}


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal() and 32 <= int(height) <= 8192 and 32 <= int(width) <= 8192):
        raise click.UsageError(f"--input-size {text}: must be HEIGHTxWIDTH such as 224x224, each from 32 to 8192")
    return int(height), int(width)


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise click.UsageError(f"--device {name}: {str(error).splitlines()[0]}") from error
    return name


def _lines(results: Results) -> Iterator[str]:
    """Yield a line for each run: its accuracy on clean frames and under noise."""
    for run in results.runs:
        rows = results.where(**run._asdict())
        noised = rows["severity"] > 0
        under = f", under noise {rows['accuracy'][noised].mean():.4f}" if noised.any() else ""
        clean = rows["accuracy"][~noised].mean()
        yield f"{run.arm} ({run.encoder}, seed {run.seed}): accuracy clean {clean:.4f}{under}"
    head = results.headers[0]
    if head["prior"]:
        floor = head["prior"]["accuracy"]
        yield f"prior, the mean lanes of the training part: accuracy {floor:.4f} under any light"
    for look in head["unlabelled"]:
        yield (
            f"{look['arm']} ({look['encoder']}, seed {look['seed']}) on {look['folder']}, which has no labels: "
            f"{look['lanes']:.1f} lanes a frame, two or more in {100 * look['with_two']:.0f} % of {look['frames']}"
        )
