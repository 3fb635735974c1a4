"""Imports point down, and importing the package is light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE, TRAINING = ROOT / "lightnoise", ROOT / "lightnoise_train"

#: From the bottom up. A module imports from its own layer and from lower ones.
LAYERS = [
    {"constants", "checks", "records", "keyed", "processors", "turns", "first_use"},
    {"kernels"},
    {"optics"},
    {"camera", "params"},
    {"functional"},
    {"transforms"},
    {"severity", "presets"},
    {"scenes"},
    {"io"},
    {"batch"},
    {"adapters"},
    {"cli", "__main__"},
]
LAYER_OF = {name: height for height, names in enumerate(LAYERS) for name in names}

TRAINING_LAYERS = [
    {"errors"},
    {"json_lines"},
    {"config"},
    {"lanes"},
    {"data"},
    {"models", "objectives"},
    {"evaluation"},
    {"tasks", "report"},
    {"studies"},
    {"cli"},
    {"__main__"},
]
TRAINING_LAYER_OF = {name: height for height, names in enumerate(TRAINING_LAYERS) for name in names}

#: Where presets and severities are looked up by name while a transform is read from a file.
BY_NAME = {("transforms", "presets"), ("transforms", "severity")}

MODULES = sorted(PACKAGE.rglob("*.py"))
TRAINING_MODULES = sorted(TRAINING.rglob("*.py"))


def part(module):
    """Return the layer's member that a dotted name below the package belongs to, "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def dotted(path):
    names = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def imports(path, top_level_only=False):
    """Yield the dotted names that a module imports: ``from a.b import c`` gives a.b.c where that is a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                inner = ROOT.joinpath(*node.module.split("."), alias.name)
                is_module = inner.with_suffix(".py").exists() or inner.is_dir()
                yield f"{node.module}.{alias.name}" if is_module else node.module


def own(path, package="lightnoise", **kwargs):
    return [name for name in imports(path, **kwargs) if name.split(".")[0] == package]


def ids(path):
    return str(path.relative_to(TRAINING if TRAINING in path.parents else PACKAGE))


def test_every_module_has_a_layer():
    unknown = {part(dotted(path)) for path in MODULES} - {"", *LAYER_OF}
    assert not unknown, f"add {unknown} to LAYERS"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_imports_point_down(path):
    here = part(dotted(path))
    if not here:
        return  # the package re-exports from every layer below the command line
    for name in own(path):
        there = part(name)
        if (here, there) in BY_NAME:
            assert name not in own(path, top_level_only=True)
            continue
        if not there:
            assert LAYER_OF[here] > LAYER_OF["io"], f"{ids(path)} imports the package itself"
            continue
        assert LAYER_OF[there] <= LAYER_OF[here], f"{ids(path)} imports {name} from a higher layer"


@pytest.mark.parametrize("path", TRAINING_MODULES, ids=ids)
def test_training_imports_point_down(path):
    here = part(dotted(path))
    for name in own(path, "lightnoise_train"):
        lower = TRAINING_LAYER_OF[part(name)] < TRAINING_LAYER_OF.get(here, 0)
        assert lower or part(name) == here, f"{ids(path)} imports {name}, which is not below it"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_nothing_of_lightnoise_imports_the_training(path):
    assert not own(path, "lightnoise_train")


def test_the_package_imports_no_adapter_and_no_command_line():
    parts = {part(name) for name in own(PACKAGE / "__init__.py")}
    assert not parts & {"adapters", "cli", "batch", "io"}


@pytest.mark.parametrize("path", sorted((PACKAGE / "kernels").glob("*.py")), ids=ids)
def test_kernels_know_numpy_numba_and_its_compiler_alone(path):
    allowed = {
        "numpy",
        "numba",
        "llvmlite",
        "__future__",
        "collections",
        "typing",
        "math",
        "importlib",
        "types",
        "functools",
    }
    compiles = {"contextlib", "lightnoise.first_use", "lightnoise.turns"} if path.name == "jit.py" else set()
    for name in imports(path):
        assert name.split(".")[0] in allowed or name in compiles or name.startswith("lightnoise.kernels"), name


@pytest.mark.parametrize("path", sorted((PACKAGE / "optics").glob("*.py")), ids=ids)
def test_optics_know_nothing_of_cameras_and_params(path):
    for name in own(path):
        assert part(name) in {"optics", "kernels", "constants", "checks"}, name


@pytest.mark.parametrize("path", sorted((PACKAGE / "adapters").rglob("*.py")), ids=ids)
def test_adapters_use_public_names_of_the_package_alone(path):
    """Neither ``from lightnoise… import _name`` nor ``module._name`` of a module that was imported from it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names = [alias for node in imported if node.module.split(".")[0] == "lightnoise" for alias in node.names]
    bound = {alias.asname or alias.name for alias in names}
    reached = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)]
    private = [alias.name for alias in names if alias.name.startswith("_")]
    private += [f"{node.value.id}.{node.attr}" for node in reached if node.value.id in bound and node.attr[0] == "_"]
    assert not private


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_torch_stays_in_its_adapters(path):
    if "adapters" not in path.parts:
        assert not {name.split(".")[0] for name in imports(path)} & {"torch", "torchvision", "lightning"}


def test_no_module_is_called_after_nothing():
    nothing = {"utils", "util", "helpers", "common", "misc"}
    assert not [ids(path) for path in MODULES + TRAINING_MODULES if path.stem in nothing]


def test_modules_are_small_enough_to_read():
    lines = {ids(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES + TRAINING_MODULES}
    assert not {name: count for name, count in lines.items() if count > 600}


HEAVY = (
    "torch",
    "torchvision",
    "numba",
    "skimage",
    "scipy",
    "matplotlib",
    "ray",
    "pandas",
    "lightning",
    "albumentations",
)


@pytest.mark.parametrize("module", ["lightnoise", "lightnoise.transforms", "lightnoise.keyed"])
def test_importing_is_light(module):
    code = f"import {module}, sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout.split()
    assert loaded == []


def test_importing_writes_nothing_and_reads_no_clock_or_chance():
    """Nothing happens at import: no output, and the global generator is as it was."""
    code = (
        "import numpy as np; a = np.random.get_state()[1].copy(); import lightnoise;"
        "assert (a == np.random.get_state()[1]).all()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_public_name_is_documented():
    import lightnoise as ln

    for name in ln.__all__:
        assert getattr(ln, name).__doc__, name
    assert set(ln.__all__) == {name for name in ln.__all__ if hasattr(ln, name)}
