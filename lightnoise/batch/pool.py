"""A local pool of worker processes that keeps its promises: flat memory, named deaths, a quick clean stop.

The standard executors lose all pending work when a worker dies, and cannot say which item killed it. Here
each worker has a pipe of its own with at most `_AHEAD` items in it, so the parent knows what it has in hand.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 2  # the item being worked on, and the next one, so that no worker waits for the parent
_TRIES = 2
_STOP_SECONDS = 1.0
# Each worker computes in one thread: as many workers as cores is the faster way to use them.
_THREAD_VARIABLES = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class PoolError(RuntimeError):
    """Workers that cannot even start."""


@dataclass(frozen=True)
class Died:
    """What is known of an item whose workers died of it, each time it was tried."""

    reason: str


@dataclass
class _Task(Generic[T]):
    item: T
    deaths: int = 0


@dataclass
class _Worker(Generic[T]):
    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    in_hand: deque[_Task[T]] = field(default_factory=deque)


def run_here(work: Callable[[T], R], items: Iterator[T]) -> Generator[tuple[T, R], None, None]:
    """Work the items off in this process, in one thread; see `run_in_pool`."""
    with one_thread():
        for item in items:
            yield item, work(item)


def run_in_pool(work: Callable[[T], R], items: Iterator[T], workers: int) -> Generator[tuple[T, R | Died], None, None]:
    """Work the items off in processes, yielding each with its result as it comes.

    An item whose worker dies is tried once more. Closing the iterator stops the workers within some seconds.

    Parameters
    ----------
    work : callable
        Takes an item, returns a result; both must pickle. It is sent to each worker once.
    items : iterator
        Taken as workers become free, so it may be endless.
    workers : int
        Number of processes.

    Yields
    ------
    item : T
    result : R or Died

    Raises
    ------
    PoolError
        If a worker dies before it has begun to work.
    """
    pool: list[_Worker[T]] = []
    again: deque[_Task[T]] = deque()
    try:
        for _ in range(workers):
            pool.append(_start(work))
        while True:
            for worker in pool:
                _feed(worker, again, items)
            busy = [worker for worker in pool if worker.in_hand]
            if not busy:
                return
            woken = set(wait([worker.pipe for worker in busy]))
            for worker in [worker for worker in busy if worker.pipe in woken]:
                try:
                    message = worker.pipe.recv()
                except (EOFError, OSError):
                    pool.remove(worker)
                    yield from _bury(worker, again)
                    pool.append(_start(work))
                    continue
                if worker.ready:
                    yield worker.in_hand.popleft().item, message
                worker.ready = True  # its first message only says that it lives
    finally:
        _stop(pool)


def _worker_main(pipe: Connection, work: Callable[[Any], Any]) -> None:
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    cv2.setNumThreads(1)
    try:
        pipe.send(None)
        while True:
            pipe.send(work(pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the parent has closed its end, or is gone


def _start(work: Callable[[T], R]) -> _Worker[T]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_worker_main, args=(theirs, work), daemon=True)
    with _as_workers_inherit():
        process.start()
    theirs.close()  # so that a worker's death closes the pipe
    return _Worker(process, ours)


def _feed(worker: _Worker[T], again: deque[_Task[T]], items: Iterator[T]) -> None:
    while len(worker.in_hand) < _AHEAD:
        if again:
            task = again.popleft()
        else:
            try:
                task = _Task(next(items))
            except StopIteration:
                return
        worker.in_hand.append(task)
        try:
            worker.pipe.send(task.item)
        except (BrokenPipeError, ConnectionResetError):
            return  # it died: reading from its pipe tells


def _bury(worker: _Worker[T], again: deque[_Task[T]]) -> Iterator[tuple[T, Died]]:
    """Take a dead worker's tasks back; the one it was at is tried again, or yielded after its last try."""
    worker.process.join()
    worker.pipe.close()
    how = _how_it_died(worker.process.exitcode)
    if not worker.ready:
        raise PoolError(f"a worker process {how} before it could begin")
    suspect = worker.in_hand.popleft()
    suspect.deaths += 1
    again.extendleft(reversed(worker.in_hand))
    if suspect.deaths < _TRIES:
        again.appendleft(suspect)
    else:
        yield suspect.item, Died(f"its worker process {how}, {_TRIES} times")


def _how_it_died(code: int | None) -> str:
    if code == -9:
        return "was killed (signal 9, as the system does when memory runs out)"
    if code is not None and code < 0:
        return f"was killed (signal {-code})"
    return f"ended with status {code}"


def _stop(pool: list[_Worker[T]]) -> None:
    """End all workers: those at work may finish their item within a second."""
    for worker in pool:
        worker.pipe.close()
    deadline = time.monotonic() + _STOP_SECONDS
    for worker in pool:
        worker.process.join(max(0.0, deadline - time.monotonic()))
    for worker in pool:
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


@contextmanager
def _as_workers_inherit() -> Iterator[None]:
    """Set what a new process inherits: one thread, and no reaction to Ctrl-C even while it starts."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    in_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if in_main else None
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        if in_main:
            signal.signal(signal.SIGINT, handler)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread, as workers do."""
    import cv2
    import numba

    before = cv2.getNumThreads(), numba.get_num_threads()
    cv2.setNumThreads(1)
    numba.set_num_threads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before[0])
        numba.set_num_threads(before[1])
