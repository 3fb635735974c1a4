"""A batch run from plan to manifest: the commands `apply` and `replay` without their argument parsing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from lightnoise import __version__
from lightnoise.batch.errors import BatchError
from lightnoise.batch.manifest import (
    CONFIG_NAME,
    Done,
    Manifest,
    difference,
    labels_name,
    manifest_name,
    read_lines,
    read_record,
    write_labels,
    write_record,
)
from lightnoise.batch.plan import Item, Shard, Survey, items, survey
from lightnoise.batch.pool import Died, PoolError, run_here, run_in_pool
from lightnoise.batch.progress import Progress
from lightnoise.batch.sources import Folder
from lightnoise.batch.summary import INTERRUPTED, Summary
from lightnoise.batch.work import FAILED, NO_ROOM, REPLAYED, Job, Result, failure, make, remake
from lightnoise.io import sweep_temporaries

T = TypeVar("T")

ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Execution:
    """How a run is carried out; nothing here changes an output's bytes.

    Parameters
    ----------
    workers : int
        Worker processes; 1 works in this process.
    engine : str
        "local" or "ray".
    shard : Shard
        The part of the plan to work off.
    resume : bool
        Continue an interrupted run.
    overwrite : bool
        Replace what stands in the output folder.
    """

    workers: int = 1
    engine: str = "local"
    shard: Shard = field(default_factory=Shard)
    resume: bool = False
    overwrite: bool = False


def check(job: Job, execution: Execution) -> Survey:
    """Look at the input and output folders and at the plan, before any work.

    Raises
    ------
    BatchError
        Naming what is wrong and the mend.
    """
    if execution.resume and execution.overwrite:
        raise BatchError("--resume and --overwrite exclude each other: give one of the two")
    if execution.engine == "ray":
        from lightnoise.batch.ray_engine import require_ray

        require_ray()
    _check_folders(job)
    _check_output(job, execution)
    reserved = (CONFIG_NAME, manifest_name(execution.shard))  # the embedded scenes meet no labels.json
    return survey(job.source, job.config, execution.shard, reserved, damage=job.damage_dir is not None)


def apply(job: Job, execution: Execution, found: Survey | None = None) -> Summary:
    """Make all outputs of the plan and their manifest.

    Parameters
    ----------
    job, execution
        What to make, and how.
    found : Survey, optional
        `check`'s answer, if it was asked before.

    Returns
    -------
    Summary
        Of what was made, failed and left; its ``exit_code`` says whether all is well.

    Raises
    ------
    BatchError
        If the run cannot start as asked.
    """
    found = found or check(job, execution)
    out, shard = Path(job.out), execution.shard
    path = out / manifest_name(shard)
    done = Done(path) if execution.resume else None
    _make_folder(out)
    if execution.resume:
        _sweep(job)
    elif execution.overwrite:
        _forget(out, shard)
    write_record(out, record(job, shard), job.tag)
    summary = Summary(path, total=found.outputs, ignored=found.ignored, linked_folders=found.linked_folders)
    todo = _without_done(items(job.source, job.config, shard), job, done, summary)
    expected = found.outputs - len(done or ())
    _work_off(partial(make, job), todo, partial(failure, job), job, execution, summary, expected)
    return summary


def replay(manifest: Path, job: Job, execution: Execution) -> tuple[Summary, list[str]]:
    """Make the outputs of a manifest again, and compare their bytes with those the manifest tells.

    Parameters
    ----------
    manifest : Path
        Of an earlier run. Its failed lines are left out.
    job : Job
        Where to read and write; effects, camera and quality come from each line.
    execution : Execution
        Workers, engine and ``overwrite`` count.

    Returns
    -------
    summary : Summary
        Of the outputs made.
    different : list of str
        Outputs that are not byte for byte those of the first run, since an input or a library has changed.

    Raises
    ------
    BatchError
        If the manifest cannot be read, or the run cannot start as asked.
    """
    _check_folders(job)
    _check_output(job, execution)
    out = Path(job.out)
    if manifest.resolve().is_relative_to(out.resolve()):
        raise BatchError(f"--out {out}: holds the manifest that is replayed: choose another folder")
    total = sum(1 for _ in _replayable(manifest))
    if not total:
        raise BatchError(f"{manifest}: has no finished output to make again")
    _make_folder(out)
    path = out / manifest_name(Shard())
    path.unlink(missing_ok=True)
    summary = Summary(path, total=total)
    different: list[str] = []
    expected: dict[str, dict[str, Any]] = {}

    def lines() -> Iterator[dict[str, Any]]:
        for line in _replayable(manifest):
            expected[line["output"]] = line
            yield line

    def compare(line: dict[str, Any]) -> None:
        before = expected.pop(line["output"], line)  # an unsorted manifest may name an output twice
        if line["status"] != FAILED and any(line.get(key) != before.get(key) for key in ("bytes", "blake2b")):
            different.append(line["output"])

    def lost(line: dict[str, Any], reason: str) -> Result:
        return failure(job, Item(line["source"], line["output"], line["copy"]), reason)

    _work_off(partial(remake, job), lines(), lost, job, execution, summary, total, compare)
    return summary, different


def record(job: Job, shard: Shard) -> dict[str, Any]:
    """Return what must be equal for a run to be resumed."""
    return {
        "version": __version__,
        "input": job.source.name,
        "damage_dir": job.damage_dir,
        "shards": shard.count,
        **asdict(job.config),
    }


def _work_off(
    work: Callable[[T], Result],
    todo: Iterator[T],
    lost: Callable[[T, str], Result],
    job: Job,
    execution: Execution,
    summary: Summary,
    expected: int,
    also: Callable[[dict[str, Any]], None] = lambda line: None,
) -> None:
    """Run the engine over the items and keep the manifest; ends by itself, by Ctrl-C, or on a full disk."""
    began = time.monotonic()
    manifest = Manifest(summary.manifest, job.tag)
    engine = _engine(work, todo, execution.engine, max(1, min(execution.workers, expected)))
    died = False
    try:
        with (
            _terminable(),
            Progress(expected) as progress,
            closing(engine) as results,
        ):
            for item, result in results:
                if isinstance(result, Died):
                    died = True
                    result = lost(item, result.reason)
                if result.fatal:
                    summary.stopped = f"{result.line['error']} (at {result.line['output']})"
                    break
                manifest.add(result.line)
                summary.count(result.line)
                also(result.line)
                progress.step()
        if not summary.stopped:
            manifest.finish()
            write_labels(manifest.path, manifest.path.with_name(labels_name(execution.shard)), job.tag)
    except KeyboardInterrupt:
        summary.stopped = INTERRUPTED
    except PoolError as error:
        summary.stopped = str(error)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        summary.stopped = f"{error.strerror} (at the manifest)"
    finally:
        manifest.close()
        if summary.stopped or died:
            _sweep(job)
        summary.seconds = time.monotonic() - began


def _engine(
    work: Callable[[T], Result], todo: Iterator[T], engine: str, workers: int
) -> Generator[tuple[T, Result | Died], None, None]:
    if engine == "ray":
        from lightnoise.batch.ray_engine import run_on_ray

        return run_on_ray(work, todo, workers)
    if workers == 1:
        return run_here(work, todo)
    return run_in_pool(work, todo, workers)


def _without_done(plan: Iterator[Item], job: Job, done: Done | None, summary: Summary) -> Iterator[Item]:
    for item in plan:
        if done is not None and done.holds(item.output, os.path.join(job.out, item.output)):
            summary.skipped += 1
        else:
            yield item


def _replayable(manifest: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of finished outputs, refusing those that lack something or lead out of the folders."""
    for line in read_lines(manifest):
        if line["status"] == FAILED:
            continue
        missing = [key for key in REPLAYED[line["status"]] if key not in line]
        if missing:
            raise BatchError(f"{manifest}: the line of {line['output']!r} has no {', '.join(missing)}")
        for path in (line["source"], line["output"]):
            if os.path.isabs(path) or ".." in path.split("/"):
                raise BatchError(f"{manifest}: the path {path!r} leads out of its folder")
        yield line


def _check_folders(job: Job) -> None:
    """Refuse folders that overlap so that outputs could overwrite inputs or each other."""
    out = Path(job.out).resolve()
    damage = Path(job.damage_dir).resolve() if job.damage_dir else None
    if damage == out:
        raise BatchError(f"--damage-dir {job.damage_dir}: is the output folder: choose another one")
    if not isinstance(job.source, Folder):
        return
    root = Path(job.source.root).resolve()
    for option, folder in (("--out", out), ("--damage-dir", damage)):
        if folder is None:
            continue
        inside = folder == root if job.source.only else folder.is_relative_to(root)
        if inside or (job.source.only is None and root.is_relative_to(folder)):
            raise BatchError(f"{option} {folder}: overlaps the input {job.source.name}: choose a folder outside it")
    if damage is not None and damage.is_relative_to(out) and (root / damage.relative_to(out)).exists():
        raise BatchError(f"--damage-dir {job.damage_dir}: would meet the outputs: choose another folder")


def _check_output(job: Job, execution: Execution) -> None:
    """Refuse to touch what stands in the output folder, unless that was asked for and fits."""
    out, shard = Path(job.out), execution.shard
    old = read_record(out)
    changed = difference(old, record(job, shard)) if old is not None else ""
    mend = "use another --out, or --overwrite" if shard.count == 1 else "use another --out"
    if execution.overwrite and shard.count == 1:
        _used(out, "--out")  # refuses a file
        return
    if execution.resume or shard.count > 1:
        if changed:
            raise BatchError(f"--out {out}: was made with another config ({changed}): {mend}")
        if old is None and _used(out, "--out"):
            raise BatchError(f"--out {out}: holds files but no {CONFIG_NAME}, so nothing to resume: {mend}")
        if execution.resume or execution.overwrite or not (out / manifest_name(shard)).exists():
            return
    for option, folder in (("--out", out), ("--damage-dir", Path(job.damage_dir or out))):
        if _used(folder, option):
            raise BatchError(f"{option} {folder}: is not empty: --resume continues a run, --overwrite replaces it")


def _used(folder: Path, option: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entries)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise BatchError(f"{option} {folder}: is no usable folder ({error.strerror or error})") from error


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BatchError(f"--out {out}: cannot be made ({error.strerror or error})") from error


def _forget(out: Path, shard: Shard) -> None:
    """Remove the manifests that are no longer true once their outputs are replaced."""
    for path in [out / manifest_name(shard)] if shard.count > 1 else out.glob("manifest*.jsonl"):
        path.unlink(missing_ok=True)


def _sweep(job: Job) -> None:
    for folder in (job.out, job.damage_dir):
        if folder is not None:
            sweep_temporaries(folder, job.tag)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite kill (SIGTERM, as batch systems send it) stop the run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
