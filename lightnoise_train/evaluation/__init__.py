"""Judging: the TuSimple metric, similarity of features, intervals, and the light-noise benchmark."""
