"""Pure functions: the same image and params give the same picture."""

from __future__ import annotations

from lightnoise.functional.chain import bloom, chain, chain_batch, chain_linear, gamma, glare

__all__ = ["bloom", "chain", "chain_batch", "chain_linear", "gamma", "glare"]
