"""Lanes: labels and predictions as TuSimple writes them, masks to train on, and lanes read back out of masks."""
