"""The same work on a Ray cluster: a bounded number of tasks in flight, results as they come."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

from lightnoise.batch.errors import BatchError
from lightnoise.batch.pool import Died

T = TypeVar("T")
R = TypeVar("R")


def require_ray() -> Any:
    """Return the module, or raise BatchError if Ray is not installed."""
    try:
        import ray
    except ImportError:
        raise BatchError('--engine ray needs Ray: pip install "lightnoise[ray]"') from None
    return ray


def run_on_ray(work: Callable[[T], R], items: Iterator[T], workers: int) -> Generator[tuple[T, R | Died], None, None]:
    """Work the items off as Ray tasks; see `lightnoise.batch.pool.run_in_pool`.

    Connects to the cluster that ``RAY_ADDRESS`` names, else starts one of ``workers`` processes here. Inputs
    and outputs must lie on a file system that all nodes share.

    Raises
    ------
    BatchError
        If Ray is not installed.
    """
    ray = require_ray()
    started = not ray.is_initialized()
    if started:
        size = {} if os.environ.get("RAY_ADDRESS") else {"num_cpus": workers}
        ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR, **size)
    try:
        yield from _tasks(ray, work, items, workers)
    finally:
        if started:
            ray.shutdown()


def _tasks(ray: Any, work: Callable[[T], R], items: Iterator[T], workers: int) -> Iterator[tuple[T, R | Died]]:
    @ray.remote(num_cpus=1, max_retries=1, runtime_env={"env_vars": {"NUMBA_NUM_THREADS": "1"}})
    def task(work: Callable[[T], R], item: T) -> R:
        import cv2

        cv2.setNumThreads(1)
        return work(item)

    shared = ray.put(work)
    flying: dict[Any, T] = {}
    while True:
        while len(flying) < 2 * workers:
            try:
                item = next(items)
            except StopIteration:
                break
            flying[task.remote(shared, item)] = item
        if not flying:
            return
        for reference in ray.wait(list(flying), num_returns=1)[0]:
            item = flying.pop(reference)
            try:
                yield item, ray.get(reference)
            except ray.exceptions.RayError as error:
                yield item, Died(f"its Ray task failed: {str(error).splitlines()[0]}")
