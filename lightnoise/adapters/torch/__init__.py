"""Bloom, glare and gamma on batches of any device: the physics of `lightnoise.functional` as pure torch.

>>> import torch
>>> import lightnoise as ln
>>> from lightnoise.adapters.torch import chain
>>> images = torch.rand(2, 3, 90, 160)
>>> one_for_all = [ln.BloomParams(scatter=0.2), ln.GammaParams(exposure_ev=0.5)]
>>> chain(images, one_for_all).shape
torch.Size([2, 3, 90, 160])
>>> own_for_each = [[ln.BloomParams(scatter=0.1)], []]  # the second sample's draw was skipped
>>> bool((chain(images, own_for_each)[1] == images[1]).all())
True

A call has two halves. `prepare` turns params into small tensors, on the host, once: that is where spread functions are
fitted and spectra made, and everything is cached. `render` turns images into images by tensor operations alone, without
a loop over samples, a wait for the device or a copy to the host, and differentiably; it is what to compile:

>>> from lightnoise.adapters.torch import prepare, render
>>> plan = prepare(one_for_all, height=90, width=160)
>>> fast = torch.compile(render, fullgraph=True)  # then: fast(images, plan)

A plan of other params with the same stages (lens, starburst, ghosts, sun, noise, …) needs no new compilation. Where
draws differ in stages, each set of them is compiled once: raise ``torch._dynamo.config.recompile_limit`` if there are
more than eight.
"""

from __future__ import annotations

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise
    raise ModuleNotFoundError(
        'lightnoise.adapters.torch needs torch: pip install torch, or pip install "lightnoise[torchvision]"'
    ) from error

from lightnoise.adapters.torch.effects import bloom, chain, gamma, glare
from lightnoise.adapters.torch.plan import Plan, prepare
from lightnoise.adapters.torch.render import render

__all__ = ["Plan", "bloom", "chain", "gamma", "glare", "prepare", "render"]
