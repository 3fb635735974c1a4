"""The first use on a machine says on a terminal why it takes long, and other processors help; later ones are silent."""

import os
import subprocess
import sys
import time
from operator import attrgetter

import numpy as np
import pytest
from numba.core.sigutils import normalize_signature

from lightnoise import first_use, kernels
from lightnoise.first_use import SHARES, shares
from lightnoise.kernels.ahead import SIGNATURES

TERMINAL = "import sys; sys.stderr.isatty = lambda: True\n"
SCRIPT = """
import numpy as np
import lightnoise as ln
ln.gamma(np.zeros((4, 4), np.uint16), ln.GammaParams(gamma=2.0))
"""


def run(script, cache):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)


def test_compiling_is_announced_once_per_machine(tmp_path):
    first, later = (run(TERMINAL + SCRIPT, tmp_path) for _ in range(2))
    assert first.stderr.count("compiling for this processor") == 1
    assert [first.stdout, later.stdout, later.stderr] == ["", "", ""]


def test_nobody_is_told_where_nobody_looks_on(tmp_path):
    assert run(SCRIPT, tmp_path).stderr == ""


def test_other_peoples_kernels_are_not_announced(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nnumba.njit(lambda x: x + 1)(1)"
    assert run(TERMINAL + script, tmp_path).stderr == ""


def test_kernels_without_a_module_compile(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nscope = {}\nexec('def f(x): return x + 1', scope)\n"
    assert (
        run(
            TERMINAL + script + "del scope['f'].__globals__['__builtins__']\nscope['f'].__module__ = None\n"
            "print(numba.njit(scope['f'])(1))",
            tmp_path,
        ).stdout
        == "2\n"
    )


def test_subroutines_have_no_way_in_from_python():
    with pytest.raises(TypeError, match="exp is called by kernels only"):
        kernels.elementary.exp(np.float32(1.0))


FRAME = """
import numpy as np
import lightnoise as ln
frame = np.zeros((720, 1280, 3), np.uint8)
frame[300:310, 300:320] = 255
ln.glare(frame, ln.GlareParams(veil=0.1, starburst=0.1))
"""


def test_what_comes_last_is_compiled_by_another_process(tmp_path):
    """With two processors; this one then finds all of the share on disk."""
    share = SHARES[1][0]
    script = "import os\nos.sched_getaffinity = lambda _: {0, 1}\n" + FRAME
    script += "from lightnoise import kernels\n"
    for kernel in share:
        script += f"print(len(kernels.{kernel}.stats.cache_hits), len(kernels.{kernel}.stats.cache_misses))\n"
    done = run(script, tmp_path)
    assert done.stdout.splitlines() == ["1 0"] * len(share)
    assert done.stderr == ""


def test_what_is_compiled_ahead_is_what_a_frame_calls():
    exec(FRAME, {})
    for kernel, signature in SIGNATURES.items():
        types, _ = normalize_signature(signature)
        assert types in attrgetter(kernel)(kernels).signatures, kernel


def test_every_number_of_processes_compiles_known_kernels_once():
    for count, shares_of_all in SHARES.items():
        compiled = [kernel for share in shares_of_all for kernel in share]
        assert len(shares_of_all) == count
        assert len(set(compiled)) == len(compiled)
        assert set(compiled) <= set(SIGNATURES)


def test_help_is_as_many_processes_as_there_are_idle_processors(monkeypatch):
    assert [len(shares(processors)) for processors in (1, 2, 3, 4, 64)] == [0, 1, 2, 3, 3]
    monkeypatch.setattr(sys, "executable", "/opt/blender/blender")  # what it would start is no Python
    assert shares(64) == ()


def test_nobody_waits_for_a_process_that_has_ended(monkeypatch):
    monkeypatch.setattr(first_use, "_SCRIPT", "raise SystemExit(1)")
    helper = first_use.Helper(("develop_words.develop",))
    helper.wait_for("octave.halve")
    helper.wait_for("develop_words.develop")
    helper.stop()


def test_nobody_waits_for_ever(monkeypatch):
    monkeypatch.setattr(first_use, "_SCRIPT", "import time; time.sleep(60)")
    monkeypatch.setattr(first_use, "LIMIT_S", 0.5)
    helper = first_use.Helper(("develop_words.develop",))
    began = time.monotonic()
    helper.wait_for("develop_words.develop")
    assert time.monotonic() - began < 30.0
    helper.stop()


def test_a_fork_does_not_wait_for_its_parents_help(monkeypatch):
    monkeypatch.setattr(first_use, "_SCRIPT", "import time; time.sleep(60)")
    helper = first_use.Helper(("develop_words.develop",))
    with monkeypatch.context() as fork:
        fork.setattr(os, "getpid", lambda: -1)
        helper.wait_for("develop_words.develop")
        helper.stop()
    assert helper.process.poll() is None
    helper.stop()
    assert helper.process.poll() is not None


def test_kernels_without_the_compiler_are_plain_functions(tmp_path):
    assert run("import os; os.environ['NUMBA_DISABLE_JIT'] = '1'" + SCRIPT, tmp_path).stderr == ""
