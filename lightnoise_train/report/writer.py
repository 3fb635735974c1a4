"""From result files to a folder with the report in four forms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lightnoise.io import write_atomically
from lightnoise_train.errors import DataError
from lightnoise_train.evaluation.results import FORMAT, Results, read_results
from lightnoise_train.json_lines import parse_object
from lightnoise_train.report import export, markdown, page, style, training
from lightnoise_train.report.content import section
from lightnoise_train.report.figures import Plot
from lightnoise_train.report.gallery import gallery
from lightnoise_train.report.origin import origin
from lightnoise_train.report.summary import EncoderSummary, summarise

NAME = "report"
TITLE = "Lane detection under light noise"


def write_report(
    results: Sequence[Path], out: Path, *, runs: Sequence[Path] = (), baseline: str | None = None, seed: int = 0
) -> Path:
    """Write ``report.html``, ``.md``, ``.csv`` and ``.json``.

    Parameters
    ----------
    results : sequence of Path
        Result files, or folders that hold some.
    out : Path
        Folder; existing reports are replaced.
    runs : sequence of Path
        Folders of further training runs whose curves are shown, such as pretraining. Those that the result files name
        as their sources are shown where they are found.
    baseline : str, optional
        The arm to judge the others against; "baseline" if there is one, else the first.
    seed : int
        Of the bootstrap: the same numbers each time.

    Returns
    -------
    Path
        Of the HTML.

    Raises
    ------
    DataError
        Naming the file that is missing, broken or holds nothing to compare.
    """
    paths = _result_files(results)
    found = read_results(*paths)
    summaries = summarise(found, baseline, seed)
    origins = [origin(path, header) for path, header in zip(paths, found.headers, strict=True)]
    logs = _training_runs(found, runs)
    looks = style.series(list(dict.fromkeys([a.name for s in summaries for a in s.arms] + [name for name, _ in logs])))
    sections = [section(summary, looks) for summary in summaries]
    pictures = gallery([path.parent for path in paths], [arm.table for s in summaries for arm in s.arms])
    html = page.render(TITLE, _subtitle(summaries), sections, pictures, _training_plots(logs, looks), origins)
    verdicts = [[said.text for said in each.words.sentences] for each in sections]
    texts = {
        "html": html,
        "md": markdown.render(TITLE, sections, summaries, origins),
        "csv": export.as_csv(summaries),
        "json": export.as_json(summaries, verdicts, found.headers),
    }
    for suffix, text in texts.items():
        write_atomically(out / f"{NAME}.{suffix}", text.encode())
    return out / f"{NAME}.html"


def _result_files(given: Sequence[Path]) -> list[Path]:
    """Return the result files among some paths, those of a folder in order of their names."""
    paths: list[Path] = []
    for path in given:
        inside = [each for each in sorted(path.rglob("*.jsonl")) if _is_result_file(each)] if path.is_dir() else [path]
        if not inside:
            raise DataError(f"{path}: holds no result file; lightnoise-train benchmark writes them")
        paths += [each for each in inside if each not in paths]
    return paths


def _is_result_file(path: Path) -> bool:
    with open(path, "rb") as file:
        try:
            return parse_object(file.readline()).get("format") == FORMAT
        except ValueError:
            return False


def _subtitle(summaries: Sequence[EncoderSummary]) -> str:
    tables = [arm.table for summary in summaries for arm in summary.arms]
    effects = list(dict.fromkeys(effect for table in tables for effect in table.effects))
    n_frames = len({frame for table in tables for frame in table.frames})
    arms = [f"{len(s.arms)} {'arm' if len(s.arms) == 1 else 'arms'} of encoder {s.encoder}" for s in summaries]
    return f"{' and '.join(arms)}, judged on {n_frames} frames, clean and under {', '.join(effects)}."


def _training_runs(results: Results, folders: Sequence[Path]) -> list[tuple[str, dict[str, training.Metric]]]:
    """Return the name of each training run, its arm's or its folder's, and what it logged."""
    named: dict[Path, str] = {}
    for header in results.headers:
        for run in header["runs"]:
            source = run.get("source")
            if isinstance(source, str) and source and Path(source).is_dir():
                named.setdefault(Path(source), str(run.get("arm")))
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder of a training run")
        named.setdefault(folder, folder.name)
    return [(name, metrics) for folder, name in named.items() if (metrics := training.read_run(folder))]


def _training_plots(logs: Sequence[tuple[str, Any]], looks: dict[str, style.Series]) -> list[Plot]:
    """Return the curves of pretraining and of fine-tuning, whose losses are not of a kind."""
    kinds: dict[str, list[tuple[str, Any]]] = {"Fine-tuning": [], "Pretraining": []}
    for name, metrics in logs:
        contrastive = any(metric.startswith(("collapse/", "knn/")) for metric in metrics)
        kinds["Pretraining" if contrastive else "Fine-tuning"].append((name, metrics))
    plots = []
    with style.drawing():
        for kind, runs in kinds.items():
            figure = training.training_curves(runs, looks) if runs else None
            if figure:
                names = ", ".join(dict.fromkeys(name for name, _ in runs))
                plots.append(Plot(kind, style.inline_svg(figure, f"{kind} of {names}."), "A line for each run."))
    return plots
