"""What makes it fit for a device: no host sync, no loop over samples, one graph, gradients."""

import subprocess
import sys

import numpy as np
import pytest

import lightnoise as ln

torch = pytest.importorskip("torch")
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from lightnoise.adapters.torch import chain, prepare, render  # noqa: E402

SIZE = (100, 208)
CAMERA = ln.Camera(full_well=1.5, column_blooming=0.5)
SUN = {"sun_azimuth_deg": 12.0, "sun_elevation_deg": 6.0}


def everything(strength, seed=0):
    """Return a chain that has every stage."""
    return [
        ln.BloomParams(scatter=0.1 * strength, psf="spencer_scotopic"),
        ln.GlareParams(veil=0.05 * strength, starburst=0.3 * strength, ghosts=1e-3 * strength, **SUN),
        ln.GammaParams(gamma=0.6 + strength, exposure_ev=strength - 0.5, shot=2e-3, read=1e-5, noise_seed=seed),
    ]


def images(batch, seed=0, size=SIZE):
    """Return images with black, white and all between."""
    values = torch.rand(batch, 3, *size, generator=torch.Generator().manual_seed(seed))
    return (1.2 * values - 0.1).clamp(0.0, 1.0)


def plan_of(params, camera=CAMERA, size=SIZE):
    return prepare(params, height=size[0], width=size[1], camera=camera)


@pytest.mark.parametrize("params", [everything(1.0), [everything(1.0), [], everything(0.5)]], ids=["shared", "mixed"])
def test_nothing_waits_for_the_device(params):
    """A meta tensor has no values: whatever looked at one, or had a shape that hangs on them, would fail."""
    result, damage = render(torch.empty(3, 3, *SIZE, device="meta"), plan_of(params).to("meta"), return_damage=True)
    assert result.shape == (3, 3, *SIZE)
    assert damage.shape == (3, *SIZE)
    assert result.device.type == damage.device.type == "meta"


def test_no_loop_over_samples():
    """As many tensor operations for seven images with params of their own as for two."""

    class Count(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.calls = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.calls.append(str(func))
            return func(*args, **(kwargs or {}))

    calls = []
    for batch in (2, 7):
        plan = plan_of([[], *(everything(0.1 * i, i) for i in range(1, batch))])
        with Count() as count:
            render(images(batch), plan)
        calls.append(count.calls)
    assert calls[0] == calls[1]


def test_one_graph_for_all_params():
    """Fullgraph, and other params of the same stages need no new one."""
    graphs = []

    def backend(module, inputs):
        graphs.append(module)
        return module.forward

    torch._dynamo.reset()
    fast = torch.compile(render, fullgraph=True, backend=backend)
    for strength, seed in ((1.0, 1), (0.5, 2)):
        plan = plan_of([everything(strength, seed), []])
        result = fast(images(2, seed), plan, return_damage=True)
        for got, expected in zip(result, render(images(2, seed), plan, return_damage=True), strict=True):
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=0.0)
    assert len(graphs) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Torchinductor does not support code generation for complex operators")
def test_compiled_code_makes_the_same_picture():
    torch._dynamo.reset()
    fast = torch.compile(render, fullgraph=True)
    plan = plan_of([everything(1.0), []])
    pictures = images(2).requires_grad_()
    got, expected = fast(pictures, plan), render(pictures, plan)
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0.0)
    gradients = [torch.autograd.grad(result.square().sum(), pictures)[0] for result in (got, expected)]
    torch.testing.assert_close(*gradients, atol=1e-3, rtol=1e-3)


def test_params_are_not_prepared_within_a_graph(monkeypatch):
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    with pytest.raises(RuntimeError, match=r"call prepare\(\) before, and compile render"):
        chain(images(1), ln.BloomParams(scatter=0.1))


def test_what_is_kept_serves_in_training_too():
    """Kept spectra and matrices made in inference mode must not stay inference tensors."""
    odd = (37, 53)  # nothing has been kept for it
    with torch.inference_mode():
        plan_of(everything(1.0), size=odd)
    pictures = images(1, size=odd).requires_grad_()
    render(pictures, plan_of(everything(1.0), size=odd)).sum().backward()
    assert torch.isfinite(pictures.grad).all()


@pytest.mark.parametrize("strength", [0.3, 1.0])
def test_slopes_are_those_of_differences(strength):
    """Along a random direction, all brighter, where nothing clips; the noise stands still."""
    params = [
        ln.BloomParams(scatter=0.2 * strength, radius_deg=3.0),
        ln.GlareParams(veil=0.05, starburst=0.2, ghosts=0.01),
        ln.GammaParams(gamma=1.3, exposure_ev=-0.3, shot=1e-3, read=1e-4),
    ]
    plan = plan_of(params, ln.Camera())
    rng = torch.Generator().manual_seed(3)
    pictures = (0.2 + 0.5 * torch.rand(1, 3, *SIZE, generator=rng)).requires_grad_()
    weights = torch.rand(pictures.shape, generator=rng)
    direction = torch.rand(pictures.shape, generator=rng)

    def value(at):
        return (render(at, plan).double() * weights).sum()

    (slope,) = torch.autograd.grad(value(pictures), pictures)
    step = 1e-3
    with torch.no_grad():
        difference = (value(pictures + step * direction) - value(pictures - step * direction)) / (2.0 * step)
    assert (slope * direction).sum().item() == pytest.approx(difference.item(), rel=2e-3)


@pytest.mark.parametrize("response", ["srgb", "linear", "power:2.2", "scurve:1.0"])
@pytest.mark.parametrize("gamma", [0.1, 1.0, 10.0])
def test_slopes_are_finite_even_in_black_and_white(response, gamma):
    params = [
        ln.BloomParams(scatter=0.3),
        ln.GlareParams(veil=0.05),
        ln.GammaParams(gamma=gamma, exposure_ev=-1.0, shot=1e-2),
    ]
    pictures = images(2, size=(36, 64))
    pictures[0] = 0.0
    pictures[1, :, :9] = 1.0
    for chain_params in (params, params[2:]):
        pictures.requires_grad_()
        result = render(pictures, plan_of(chain_params, ln.Camera(response=response), size=(36, 64)))
        (slope,) = torch.autograd.grad(result.sum(), pictures)
        assert torch.isfinite(result).all()
        assert torch.isfinite(slope).all()
        assert slope.any()


@pytest.mark.parametrize(
    ("batch", "params", "error", "message"),
    [
        (np.zeros((1, 3, 8, 8), np.float32), [], TypeError, "must be a torch.Tensor .* got ndarray"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), [], TypeError, r"got torch.uint8; images.float\(\) / 255"),
        (
            torch.zeros(1, 3, 8, 8, dtype=torch.float64),
            [],
            TypeError,
            "float32, bfloat16, float16 .* got torch.float64",
        ),
        (torch.zeros(1, 8, 8, 3), [], ValueError, r"got \(1, 8, 8, 3\); channels come first: images.permute"),
        (torch.zeros(3, 8, 8), [], ValueError, r"a single image is images\[None\]"),
        (torch.zeros(1, 4, 8, 8), [], ValueError, "leave the alpha channel out"),
        (torch.zeros(0, 3, 8, 8), [], ValueError, r"non-empty .* got \(0, 3, 8, 8\)"),
        (torch.full((1, 3, 8, 8), 255.0), [], ValueError, r"in \[0, 1\], got values from 255 to 255; divide by 255"),
        (torch.full((1, 3, 8, 8), torch.nan), [], ValueError, "must be finite and"),
        (torch.full((1, 3, 8, 8), -0.1), [], ValueError, "got values from -0.1"),
        (torch.zeros(2, 3, 8, 8), [[], [], []], ValueError, "one entry for each of 2 images, got 3"),
        (torch.zeros(4, 3, 8, 8), [[ln.BloomParams()]], ValueError, "one entry for each of 4 images, got 1"),
        (torch.zeros(2, 3, 8, 8), [ln.BloomParams()] * 2, ValueError, "bloom twice; .* a list of lists"),
        (torch.zeros(1, 3, 8, 8), ["bloom"], TypeError, "or a list, got 'bloom'"),
        (torch.zeros(1, 3, 8, 8), [["bloom"]], TypeError, "must be BloomParams.* got 'bloom'"),
        (torch.zeros(1, 3, 8, 8), {"scatter": 0.1}, TypeError, "or a list, got {'scatter': 0.1}"),
        (
            torch.zeros(1, 3, 8, 8),
            [ln.BloomParams(scatter=0.8), ln.GlareParams(starburst=0.5)],
            ValueError,
            "at most the whole light",
        ),
    ],
)
def test_errors_say_what_was_got_and_what_is_wanted(batch, params, error, message):
    with pytest.raises(error, match=message):
        chain(batch, params)


def test_a_camera_is_a_camera():
    with pytest.raises(TypeError, match=r"camera must be a lightnoise\.Camera, got 'tusimple'"):
        chain(images(1), [], camera="tusimple")


def test_values_are_looked_at_as_asked():
    wrong = torch.full((1, 3, *SIZE), 2.0)
    with pytest.raises(ValueError, match="values from 2 to 2"):
        chain(wrong, ln.GammaParams(gamma=2.0), validate=True)
    assert chain(wrong, ln.GammaParams(gamma=2.0), validate=False).shape == wrong.shape
    assert chain(wrong.to("meta"), ln.GammaParams(gamma=2.0)).shape == wrong.shape


def test_a_plan_is_for_its_size():
    with pytest.raises(ValueError, match=r"for images of shape \(B, 3, 100, 208\), got"):
        render(torch.zeros(1, 3, 208, 100), plan_of(everything(1.0)))
    with pytest.raises(ValueError, match=r"for images of shape \(2, 3, 100, 208\), got"):
        render(images(3), plan_of([[], everything(1.0)]))


def test_without_torch_the_error_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None; import lightnoise.adapters.torch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "lightnoise[torchvision]"' in done.stderr.splitlines()[-1]
