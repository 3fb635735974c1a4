"""The grids on which stray light is made, and their optics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from lightnoise.camera import Camera
from lightnoise.optics import pyramid


@dataclass(frozen=True)
class Grid:
    """One level of the pyramid as a picture of its own.

    Parameters
    ----------
    height, width : int
        Cells.
    focal_y, focal_x : float
        Focal lengths in cells.
    pitch_um : float
        Width of a cell on the sensor, micrometres.
    """

    height: int
    width: int
    focal_y: float
    focal_x: float
    pitch_um: float

    @property
    def cell_aspect(self) -> float:
        """Width / height of a cell as seen through the lens."""
        return self.focal_y / self.focal_x

    @property
    def diagonal(self) -> int:
        """Length of the diagonal, cells, rounded up."""
        return math.ceil(math.hypot(self.height, self.width))


def frame_sizes(height: int, width: int, camera: Camera) -> tuple[tuple[int, int], ...]:
    """Return the sizes of a frame's pyramid levels."""
    return pyramid.level_sizes(height, width, round(camera.pixel_aspect, 6))


@lru_cache(maxsize=256)
def grid_of_level(height: int, width: int, camera: Camera, level: int) -> Grid:
    """Return the grid of a level (0 is the frame itself; past the last one, the last) of a frame."""
    sizes = frame_sizes(height, width, camera)
    rows, columns = sizes[min(level, len(sizes) - 1)]
    focal_y, focal_x = camera.focal_px(width)
    return Grid(
        rows,
        columns,
        focal_y * rows / height,
        focal_x * columns / width,
        camera.pitch_um(width) * width / columns,
    )


#: Fewest columns of the grid on which light with a shape of its own is drawn: spikes, rings, ghosts, a sun's.
SHAPED_COLUMNS = 300


def shaped_level(height: int, width: int, camera: Camera) -> int:
    """Return the level of the pyramid on which light with a shape of its own is drawn: cells of some 0.2° at 60°."""
    sizes = frame_sizes(height, width, camera)
    return max([1, *(level for level, (_, columns) in enumerate(sizes) if columns >= SHAPED_COLUMNS)])
