"""The pool with small work of its own; worker functions must be importable in the workers."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

SCRIPT = """
import os, signal, sys, time
from functools import partial
from itertools import count, islice
from pathlib import Path
from lightnoise.batch.pool import Died, PoolError, run_here, run_in_pool

{functions}

if __name__ == "__main__":
    {main}
"""


def run(tmp_path, functions, main, **options):
    script = tmp_path / "script.py"
    script.write_text(
        SCRIPT.format(functions=textwrap.dedent(functions), main=textwrap.indent(textwrap.dedent(main), "    ").strip())
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=100, **options
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_item_comes_back_once_and_no_item_is_taken_early(tmp_path):
    run(
        tmp_path,
        """
        def work(n):
            time.sleep(0.005)
            return n * n, os.getpid(), os.environ["NUMBA_NUM_THREADS"]
        """,
        """
        taken = []
        def endless():
            for n in count():
                taken.append(n)
                yield n
        results = run_in_pool(work, endless(), workers=2)
        got = list(islice(results, 300))
        assert len(taken) <= 300 + 2 * 2 + 1, len(taken)
        results.close()
        assert len({n for n, _ in got}) == 300
        assert all(answer[0] == n * n for n, answer in got)
        pids = {answer[1] for _, answer in got}
        assert len(pids) == 2 and os.getpid() not in pids
        assert {answer[2] for _, answer in got} == {"1"}
        assert "NUMBA_NUM_THREADS" not in os.environ
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in pids):
            time.sleep(0.05)
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert sorted(run_in_pool(work, iter(()), workers=1)) == []
        assert [n for n, _ in run_here(lambda n: n, iter(range(5)))] == [0, 1, 2, 3, 4]
        """,
        env={name: value for name, value in os.environ.items() if name != "NUMBA_NUM_THREADS"},
    )


def test_a_worker_that_dies_names_its_item_and_the_rest_goes_on(tmp_path):
    run(
        tmp_path,
        """
        def work(n):
            if n == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            if n == 9 and not Path("once").exists():
                Path("once").touch()
                os._exit(3)
            return n
        """,
        """
        results = dict(run_in_pool(work, iter(range(20)), workers=2))
        assert sorted(results) == list(range(20))
        assert isinstance(results[5], Died) and "signal 9" in results[5].reason, results[5]
        assert all(results[n] == n for n in range(20) if n != 5), results
        """,
    )


def test_workers_that_cannot_start_end_the_run(tmp_path):
    run(
        tmp_path,
        """
        if __name__ != "__main__":
            os._exit(7)
        def work(n):
            return n
        """,
        """
        try:
            list(run_in_pool(work, iter(range(20)), workers=2))
        except PoolError as error:
            assert "status 7" in str(error)
        else:
            raise AssertionError
        """,
    )


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path):
    script = tmp_path / "script.py"
    functions = "def work(n):\n    time.sleep(0.05)\n    return os.getpid()\n"
    main = "for n, pid in run_in_pool(work, count(), workers=2): print(pid, flush=True)"
    script.write_text(SCRIPT.format(functions=functions, main=main))
    parent = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    pids = {int(parent.stdout.readline()) for _ in range(12)}
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(os.path.exists(f"/proc/{pid}") for pid in pids):
        time.sleep(0.05)
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
