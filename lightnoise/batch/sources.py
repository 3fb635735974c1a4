"""Where pictures come from: a folder, one file of it, or the embedded road scenes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from lightnoise.batch.errors import BatchError
from lightnoise.camera import Camera
from lightnoise.io import ImageFileError, Picture, read_image
from lightnoise.io.formats import PNG
from lightnoise.keyed import generator

if TYPE_CHECKING:
    from lightnoise.scenes import Scene


@dataclass
class Listing:
    """The sorted names in one folder, whose own path is relative to the source and empty at the top."""

    path: str
    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    error: str = ""


class Source(Protocol):
    """What a plan is made from and a worker reads from."""

    @property
    def name(self) -> str:
        """What messages and the manifest's record call it."""

    def folders(self) -> Iterator[Listing]:
        """Yield what each folder holds, in a fixed order."""

    def read(self, path: str, max_pixels: int) -> Picture:
        """Return the picture at a relative path, or raise ImageFileError."""

    def label(self, path: str) -> dict[str, Any] | None:
        """Return the lane label of a picture, where the source knows one."""


@dataclass(frozen=True)
class Folder:
    """The files under one input folder, or one file of it.

    Parameters
    ----------
    root : str
        The folder.
    only : str or None
        The one file's name, or None for all files.
    """

    root: str
    only: str | None = None

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Folder:
        """Return the source that a user's path means: a folder, or one file."""
        absolute = os.path.abspath(path)
        if os.path.isdir(absolute):
            return cls(absolute)
        if not os.path.lexists(absolute):
            raise BatchError(f"--in {path}: does not exist: give a folder or an image file")
        return cls(*os.path.split(absolute))

    @property
    def name(self) -> str:
        """Path of the folder or file."""
        return os.path.join(self.root, self.only) if self.only else self.root

    def read(self, path: str, max_pixels: int) -> Picture:
        """Read an image file; see `lightnoise.io.read_image`."""
        return read_image(os.path.join(self.root, path), max_pixels)

    def label(self, path: str) -> dict[str, Any] | None:
        """Return None: a folder's labels are files of their own."""
        return None

    def folders(self) -> Iterator[Listing]:
        """Yield what each folder holds, in sorted order, parents first; links to folders are not followed."""
        if self.only is not None:
            yield Listing("", [self.only])
            return
        waiting = [""]
        while waiting:
            listing = self._listing(waiting.pop())
            yield listing
            waiting += [join(listing.path, name) for name in reversed(listing.folders)]

    def _listing(self, path: str) -> Listing:
        listing = Listing(path)
        try:
            with os.scandir(os.path.join(self.root, path)) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        listing.folders.append(entry.name)
                    elif entry.is_symlink() and entry.is_dir():
                        listing.linked.append(entry.name)
                    else:
                        listing.files.append(entry.name)
        except OSError as error:
            listing.error = f"cannot be listed: {error.strerror or error}"
        for names in (listing.files, listing.folders, listing.linked):
            names.sort()
        return listing


@dataclass(frozen=True)
class EmbeddedScenes:
    """The road scenes that the package draws itself: a folder for each kind, some scenes in each.

    Parameters
    ----------
    camera : Camera
        The camera that takes the pictures.
    per_kind : int
        Scenes of each kind.
    """

    camera: Camera = field(default_factory=Camera)
    per_kind: int = 4

    @property
    def name(self) -> str:
        """What the manifest's record calls them."""
        return "embedded scenes"

    def read(self, path: str, max_pixels: int) -> Picture:
        """Draw the scene at a relative path."""
        return Picture(_scene(path, self.camera).image, PNG)

    def label(self, path: str) -> dict[str, Any]:
        """Return the scene's lanes in TuSimple's form."""
        scene = _scene(path, self.camera)
        return {"lanes": scene.lanes, "h_samples": scene.h_samples}

    def folders(self) -> Iterator[Listing]:
        """Yield the scenes' names, kind by kind."""
        from lightnoise.scenes import KINDS

        for kind in KINDS:
            yield Listing(kind, [f"{number:04d}.png" for number in range(self.per_kind)])


@lru_cache(maxsize=4)
def _scene(path: str, camera: Camera) -> Scene:
    from lightnoise.scenes import KINDS, render

    kind = path.partition("/")[0]
    if kind not in KINDS:
        raise ImageFileError("is no embedded scene: give --in")
    return render(kind, generator(0, path), camera=camera)


def join(folder: str, name: str) -> str:
    """Join two relative paths with a slash."""
    return f"{folder}/{name}" if folder else name
