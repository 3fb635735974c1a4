"""The first use on a machine says on a terminal why it takes long, and other processors help; later ones are silent."""

import os
import subprocess
import sys
from operator import attrgetter

import numpy as np
import pytest
from numba.core.sigutils import normalize_signature

from lightnoise import kernels
from lightnoise.first_use import helpers
from lightnoise.kernels.ahead import SIGNATURES

TERMINAL = "import sys; sys.stderr.isatty = lambda: True\n"
SCRIPT = """
import numpy as np
import lightnoise as ln
ln.gamma(np.zeros((4, 4), np.uint16), ln.GammaParams(gamma=2.0))
"""


def start(script, cache):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", script], env=environment, text=True, **pipes)


def output(process):
    """Return what a process wrote, once it has ended well."""
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    return stdout, stderr


def run(script, cache):
    return output(start(script, cache))


def test_compiling_is_announced_once_per_machine(tmp_path):
    first, later = (run(TERMINAL + SCRIPT, tmp_path) for _ in range(2))
    assert first[1].count("compiling for this processor") == 1
    assert [first[0], *later] == ["", "", ""]


def test_nobody_is_told_where_nobody_looks_on(tmp_path):
    assert run(SCRIPT, tmp_path) == ("", "")


def test_other_peoples_kernels_are_not_announced(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nnumba.njit(lambda x: x + 1)(1)"
    assert run(TERMINAL + script, tmp_path) == ("", "")


def test_kernels_without_a_module_compile(tmp_path):
    script = "import lightnoise.kernels.jit, numba\nscope = {}\nexec('def f(x): return x + 1', scope)\n"
    script += "del scope['f'].__globals__['__builtins__']\nscope['f'].__module__ = None\n"
    assert run(TERMINAL + script + "print(numba.njit(scope['f'])(1))", tmp_path) == ("2\n", "")


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


COUNTS = """
from lightnoise import kernels
for kernel in {kernels!r}:
    module, name = kernel.split(".")
    print(sum(getattr(getattr(kernels, module), name).stats.cache_misses.values()))
"""


def compiled_by(count, *scripts, cache):
    """Return how often each process of as many as there are scripts compiled each of `SIGNATURES`' kernels."""
    begin = f"import os\nos.sched_getaffinity = lambda _: set(range({count}))\n"
    processes = [start(begin + script + COUNTS.format(kernels=list(SIGNATURES)), cache) for script in scripts]
    outputs = [output(process) for process in processes]
    assert [stderr for _, stderr in outputs] == [""] * len(scripts)
    return np.array([[int(line) for line in stdout.splitlines()] for stdout, _ in outputs])


def test_what_comes_late_is_compiled_by_another_process(tmp_path):
    """With two processors: what the other begins with and this one needs last, this one finds on disk."""
    own = compiled_by(2, FRAME, cache=tmp_path)[0]
    assert own[0] == 0
    assert own.sum() < len(SIGNATURES)


def test_a_single_processor_compiles_for_itself(tmp_path):
    assert compiled_by(1, FRAME, cache=tmp_path)[0].tolist() == [1] * len(SIGNATURES)


def test_processes_that_need_the_same_kernels_compile_each_once(tmp_path):
    misses = compiled_by(1, FRAME, FRAME, cache=tmp_path)
    assert misses.sum(axis=0).tolist() == [1] * len(SIGNATURES)


HOLD = """
import sys
from lightnoise import kernels
from lightnoise.turns import turns_in
kernel = kernels.transfer.look_up
assert turns_in(kernel.stats.cache_path).take("lightnoise.kernels.transfer.look_up", 0.0)
print("held", flush=True)
sys.stdin.read()
"""
LOOK_UP = """
from lightnoise import kernels
from lightnoise.kernels import jit
jit.LIMIT_S = {limit}
assert kernels.transfer.look_up.is_being_compiled()
print("waiting", flush=True)
kernels.transfer.look_up(np.zeros(3, np.uint8), np.zeros(256, np.float32), np.zeros(3, np.float32))
"""


@pytest.fixture
def holder(tmp_path):
    """A process whose turn it is to compile a kernel, and which does not."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD], env=environment, text=True, **pipes) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_nobody_waits_for_a_process_that_has_ended(tmp_path, holder):
    waiting = start("import numpy as np" + LOOK_UP.format(limit=1e9), tmp_path)
    assert waiting.stdout.readline() == "waiting\n"
    holder.kill()
    assert output(waiting) == ("", "")


def test_nobody_waits_for_ever(tmp_path, holder):
    assert run("import numpy as np" + LOOK_UP.format(limit=0.5), tmp_path) == ("waiting\n", "")
    assert holder.poll() is None


def test_what_is_compiled_ahead_is_what_a_frame_calls():
    exec(FRAME, {})
    for kernel, signature in SIGNATURES.items():
        types, _ = normalize_signature(signature)
        assert types in attrgetter(kernel)(kernels).signatures, kernel


def test_help_is_as_many_processes_as_there_are_idle_processors(monkeypatch):
    assert [helpers(processors) for processors in (1, 2, 3, 4, 64)] == [0, 1, 2, 3, 3]
    monkeypatch.setattr(sys, "executable", "/opt/blender/blender")  # what it would start is no Python
    assert helpers(64) == 0


def test_kernels_without_the_compiler_are_plain_functions(tmp_path):
    assert run("import os; os.environ['NUMBA_DISABLE_JIT'] = '1'" + SCRIPT, tmp_path) == ("", "")
