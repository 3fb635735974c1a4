"""Many images in one run: plan, work, manifest. No image maths here."""

from lightnoise.batch.config import Config, camera_with, read_config_file
from lightnoise.batch.errors import BatchError
from lightnoise.batch.estimate import Estimate, estimate
from lightnoise.batch.plan import Item, Shard, Survey, items, survey
from lightnoise.batch.recipe import EFFECT_CHOICES, draw, recipe
from lightnoise.batch.run import ENGINES, Execution, apply, check, replay
from lightnoise.batch.sources import EmbeddedScenes, Folder, Source
from lightnoise.batch.summary import Summary
from lightnoise.batch.work import Job, Result, make, remake, render

__all__ = [
    "EFFECT_CHOICES",
    "ENGINES",
    "BatchError",
    "Config",
    "EmbeddedScenes",
    "Estimate",
    "Execution",
    "Folder",
    "Item",
    "Job",
    "Result",
    "Shard",
    "Source",
    "Summary",
    "Survey",
    "apply",
    "camera_with",
    "check",
    "draw",
    "estimate",
    "items",
    "make",
    "read_config_file",
    "recipe",
    "remake",
    "render",
    "replay",
    "survey",
]
