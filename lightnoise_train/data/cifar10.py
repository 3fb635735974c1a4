"""CIFAR-10: the archive's Python pickles, read safely, or one packed .npz of JPEG bytes.

The packed form holds ``{train,test}_jpeg``, all files' bytes end to end (uint8); ``{train,test}_offset``, where each
begins and the last one ends (n + 1 whole numbers); and ``{train,test}_label``. It stores JPEG, so results on it are
not results on CIFAR-10 as published.
"""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lightnoise import checks
from lightnoise.io import ImageFileError, decode
from lightnoise_train.data.frames import Frame, FrameSet, Image
from lightnoise_train.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SPLITS = ("train", "test")
FOLDER = "cifar-10-batches-py"
BATCHES: dict[str, tuple[str, ...]] = {
    "train": tuple(f"data_batch_{number}" for number in range(1, 6)),
    "test": ("test_batch",),
}


def load(root: str | os.PathLike[str], split: str = "train") -> FrameSet:
    """Return a split of CIFAR-10.

    Parameters
    ----------
    root : path
        The folder ``cifar-10-batches-py``, or the one that holds it; or a packed ``.npz`` file, or a folder that
        holds one.
    split : str
        "train" or "test".

    Returns
    -------
    FrameSet
        32×32 pictures; keys are ``SPLIT/00000`` and so on, the attribute ``class`` is the class's number.

    Raises
    ------
    DataError
        If a file is missing, holds other data, or a pickle that asks for anything but arrays.
    """
    checks.choice("split", split, SPLITS)
    root = Path(root)
    if root.is_file():
        return _packed(root, split)
    for folder in (root / FOLDER, root):
        if (folder / BATCHES[split][0]).is_file():
            return _pickled(folder, split)
    packed = sorted(root.glob("cifar10*.npz"))
    if packed:
        return _packed(packed[0], split)
    raise DataError(f"{root}: holds neither {FOLDER}/{BATCHES[split][0]} nor a packed cifar10*.npz")


class Pictures:
    """Reader of pictures that lie in memory, (N, 32, 32, 3) uint8."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self.images = images

    def __call__(self, frame: Frame) -> Image:
        """Return a copy of the frame's picture."""
        return self.images[frame.attributes["index"]].copy()


class PackedJpegs:
    """Reader of JPEG files that lie end to end in memory."""

    def __init__(self, data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.data, self.offsets = data, offsets

    def __call__(self, frame: Frame) -> Image:
        """Decode the frame's picture."""
        start, end = self.offsets[frame.attributes["index"] :][:2]
        try:
            pixels = decode(self.data[start:end].tobytes()).pixels
        except ImageFileError as error:
            raise DataError(f"{frame.key}: {error}") from None
        return np.asarray(pixels, dtype=np.uint8)


def read_batch(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the pictures, (n, 32, 32, 3) uint8, and the labels, (n,), of one pickled batch.

    Raises
    ------
    DataError
        If the file is missing or holds anything else.
    """
    try:
        batch = _ArraysOnly(io.BytesIO(path.read_bytes()), encoding="bytes").load()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from None
    except _RefusedClass as error:
        raise DataError(f"{path}: {error}") from None
    except Exception as error:  # a damaged pickle may fail in any way
        raise DataError(f"{path}: is damaged ({type(error).__name__}: {error})") from None
    data = batch.get(b"data") if isinstance(batch, dict) else None
    labels = batch.get(b"labels") if isinstance(batch, dict) else None
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (3072,):
        raise DataError(f"{path}: is no CIFAR-10 batch: its data must be (n, 3072) uint8")
    if not isinstance(labels, list) or len(labels) != len(data) or not all(_is_class(label) for label in labels):
        raise DataError(f"{path}: is no CIFAR-10 batch: its labels must be {len(data)} whole numbers from 0 to 9")
    return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.array(labels, dtype=np.int64)


class _RefusedClass(Exception):
    """A pickle asks for something that no array is made of."""


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that builds numpy arrays, and refuses all else: a pickle can otherwise run any code."""

    _ALLOWED: ClassVar[set[tuple[str, str]]] = {
        (module, name)
        for modules, name in (
            (("numpy.core.multiarray", "numpy._core.multiarray"), "_reconstruct"),
            (("numpy",), "ndarray"),
            (("numpy",), "dtype"),
            (("_codecs",), "encode"),  # how Python 3 writes bytes for Python 2
        )
        for module in modules
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return one of the classes that arrays are made of."""
        if (module, name) not in self._ALLOWED:
            raise _RefusedClass(f"asks for {module}.{name}, which no CIFAR-10 batch needs: not opened")
        if name == "_reconstruct":
            module = np.ndarray.__reduce__(np.empty(0))[0].__module__  # where this numpy has it
        return super().find_class(module, name)


def _pickled(folder: Path, split: str) -> FrameSet:
    batches = [read_batch(folder / name) for name in BATCHES[split]]
    images = np.concatenate([images for images, _ in batches])
    return FrameSet(_frames(split, np.concatenate([labels for _, labels in batches])), Pictures(images))


def _packed(path: Path, split: str) -> FrameSet:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            data, offsets, labels = (arrays[f"{split}_{name}"] for name in ("jpeg", "offset", "label"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path}: is no packed CIFAR-10 ({error})") from None
    whole = data.dtype == np.uint8 and offsets.shape == (len(labels) + 1,) and labels.ndim == 1
    if not whole or offsets[0] != 0 or offsets[-1] != len(data) or (np.diff(offsets) <= 0).any():
        raise DataError(f"{path}: is no packed CIFAR-10: {split}_offset does not cut up {split}_jpeg")
    return FrameSet(_frames(split, labels), PackedJpegs(data, offsets))


def _frames(split: str, labels: Iterable[Any]) -> list[Frame]:
    return [
        Frame(None, f"{split}/{index:05d}", None, {"index": index, "class": int(label)})
        for index, label in enumerate(labels)
    ]


def _is_class(label: Any) -> bool:
    return isinstance(label, (int, np.integer)) and bool(0 <= label < len(CLASSES))
