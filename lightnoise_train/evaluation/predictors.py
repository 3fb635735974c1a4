"""Any model that finds lanes, behind one interface: a run of ours, TorchScript, ONNX, a Python function, or files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lightnoise_train.errors import ConfigError, DataError
from lightnoise_train.evaluation.answers import Answer, Predictor
from lightnoise_train.evaluation.conditions import Condition, Judged, Prepare, as_it_is, unseen
from lightnoise_train.evaluation.entry_points import entry_point, is_entry_point
from lightnoise_train.evaluation.predictions import Prediction, read_predictions
from lightnoise_train.evaluation.segmenters import (
    SEGMENTER_FILE,
    Pixels,
    onnx_predictor,
    open_run,
    torch_predictor,
)


def open_predictor(
    spec: str, *, arm: str | None = None, seed: int = 0, pixels: Pixels | None = None, device: str = "cpu"
) -> Predictor:
    """Return the model that a text names.

    Parameters
    ----------
    spec : str
        A folder of ``lightnoise-train finetune``; a segmenter of TorchScript (.pt), torch.export (.pt2) or ONNX
        (.onnx); a folder of prediction files (clean.json, bloom-3.json, …); or a function as ``module:function``.
    arm : str, optional
        Its name in the results; told by the model, if not given.
    seed : int
        Number of the training, for models of the same arm; a run of ours knows its own.
    pixels : Pixels, optional
        Of a TorchScript or ONNX segmenter.
    device : str
        Torch's.

    Raises
    ------
    ConfigError
        If nothing of the kind is there.
    CheckpointError, DataError
        If it is there and cannot be used.
    """
    path = Path(spec)
    named = {"arm": arm or path.stem, "encoder": "external", "seed": seed, "source": spec}
    if is_entry_point(spec):
        return FunctionPredictor(entry_point(spec), {**named, "arm": arm or spec})
    if not path.exists():
        raise ConfigError(
            f"{spec} is no model: name a folder of finetune, a .pt or .onnx file, a folder of predictions, "
            "or module:function"
        )
    if path.is_dir():
        if (path / SEGMENTER_FILE).exists():
            return open_run(path, arm, device)
        return PredictionFiles(path, {**named, "arm": arm or path.name})
    if path.suffix == ".onnx":
        return onnx_predictor(path, pixels or Pixels(), named)
    if path.suffix in (".json", ".jsonl"):
        raise ConfigError(f"{spec}: name the folder of the prediction files, clean.json, bloom-3.json and so on")
    return torch_predictor(path, pixels or Pixels(), named, device)


def open_predictors(specs: Sequence[str], pixels: Pixels | None = None, device: str = "cpu") -> list[Predictor]:
    """Return the models that texts name, each as ``MODEL`` or ``ARM=MODEL``; see `open_predictor`.

    Foreign models of one arm are numbered as its trainings.

    Raises
    ------
    ConfigError
        If two are the same run.
    """
    found: list[Predictor] = []
    for spec in specs:
        arm, model = split_name(spec)
        count = sum(other.identity["arm"] == arm for other in found)
        found.append(open_predictor(model, arm=arm, seed=count, pixels=pixels, device=device))
    runs = [tuple(each.identity[name] for name in ("arm", "encoder", "seed")) for each in found]
    for run in runs:
        if runs.count(run) > 1:
            raise ConfigError(f"two models are arm {run[0]}, encoder {run[1]}, seed {run[2]}: name them ARM=MODEL")
    return found


def split_name(spec: str) -> tuple[str | None, str]:
    """Return arm, if given, and model of a text ``[ARM=]MODEL``."""
    arm, equals, model = spec.partition("=")
    return (arm, model) if equals and arm and not Path(spec).exists() else (None, spec)


@dataclass(frozen=True, eq=False)
class FunctionPredictor:
    """A Python function (image, h_samples) -> lanes.

    Parameters
    ----------
    function : callable
        Gets the frame, (H, W, 3) uint8 RGB, and the rows, int64, in pixels of a frame of 1280×720 whatever the
        image's size. Returns one sequence of columns per lane, in the same pixels, negative where it is absent.
    identity : dict
    """

    function: Callable[..., Any]
    identity: dict[str, Any]

    @property
    def prepare(self) -> Prepare:
        """Nothing is done to pictures."""
        return as_it_is

    def __call__(self, frame: Judged, conditions: Sequence[Condition]) -> Answer:
        """Return the function's lanes for each condition."""
        rows = frame.label.h_samples
        found = []
        for condition, image in zip(conditions, frame.pictures, strict=True):
            start = time.perf_counter()
            try:
                lanes = self.function(image, rows.copy())
            except Exception as error:  # whatever it raises
                raise DataError(
                    f"{self.identity['source']} failed on {frame.key} ({condition.name}): "
                    f"{type(error).__name__}: {error}"
                ) from error
            elapsed = 1e3 * (time.perf_counter() - start)
            found.append(Prediction(frame.key, _checked(lanes, len(rows), self.identity["source"]), elapsed))
        return Answer(found)


class PredictionFiles:
    """Predictions made elsewhere, on the noised test set: a file of each condition in one folder.

    Parameters
    ----------
    folder : Path
        Holds clean.json, bloom-1.json and so on, as `Condition.name` has it, in the official form; ``mixed.json``
        stands for ``mixed-5.json``, the presets as they are drawn.
    identity : dict

    Raises
    ------
    DataError
        If clean.json is missing.
    """

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        self.folder = folder
        self.identity = identity
        self._read: dict[Condition, dict[str, Prediction]] = {}
        if not (folder / "clean.json").is_file():
            there = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
            raise DataError(
                f"{folder} is neither a finetune run ({SEGMENTER_FILE}) nor a folder of predictions (clean.json); "
                f"it has {there}"
            )

    @property
    def prepare(self) -> Prepare:
        """Pictures are not looked at."""
        return unseen

    def available(self, conditions: Sequence[Condition]) -> list[Condition]:
        """Return the conditions for which there is a file."""
        return [condition for condition in conditions if self._path(condition).is_file()]

    def __call__(self, frame: Judged, conditions: Sequence[Condition]) -> Answer:
        """Return what the files say of a frame."""
        return Answer([self._of(condition, frame) for condition in conditions])

    def _of(self, condition: Condition, frame: Judged) -> Prediction:
        path = self._path(condition)
        if condition not in self._read:
            self._read[condition] = {prediction.raw_file: prediction for prediction in read_predictions(path)}
        try:
            found = self._read[condition][frame.key]
        except KeyError:
            raise DataError(f"{path}: has no prediction for {frame.key}") from None
        if len(found.lanes) and found.lanes.shape[1] != len(frame.label.h_samples):
            raise DataError(
                f"{path}: {frame.key}: lanes have {found.lanes.shape[1]} points, but the label has "
                f"{len(frame.label.h_samples)} h_samples"
            )
        return found

    def _path(self, condition: Condition) -> Path:
        path = self.folder / f"{condition.name}.json"
        if condition == ("mixed", 5) and not path.is_file():
            return self.folder / "mixed.json"
        return path


def _checked(lanes: ArrayLike, n_rows: int, name: str) -> NDArray[np.float64]:
    """Return a function's lanes as an array (n_lanes, n_rows), or raise a DataError that says what is wrong."""
    try:
        found = np.asarray(lanes, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"{name} must return one sequence of columns per lane, got {type(lanes).__name__}") from None
    if found.size == 0:
        return np.empty((0, n_rows))
    if found.ndim != 2 or found.shape[1] != n_rows:
        raise DataError(f"{name} must return lanes of shape (n, {n_rows}), one column per h_sample, got {found.shape}")
    if not np.isfinite(found).all():
        raise DataError(f"{name} must return finite columns, and -2 where a lane is absent")
    return found
