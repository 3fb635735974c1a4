"""At home in other libraries: Albumentations, torchvision v2, batched torch, and keyed draws for a DataLoader.

Each module imports its host library, so nothing is imported here. The adapters translate only: the host's seed to a
Generator, its layout to (H, W, C), its params to the host's own way of keeping them.
"""
