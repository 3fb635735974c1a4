"""The TuSimple metric one frame, one lane, one point at a time, as its official script goes about it."""

import math


def lane_angle(xs, rows):
    """Least squares of x on y over the points that are there."""
    points = [(x, y) for x, y in zip(xs, rows, strict=True) if x >= 0]
    if len(points) < 2:
        return 0.0
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    slope = sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((y - y_mean) ** 2 for _, y in points)
    return math.atan(slope)


def line_accuracy(predicted, labelled, threshold):
    right = 0
    for p, g in zip(predicted, labelled, strict=True):
        p = p if p >= 0 else -100
        g = g if g >= 0 else -100
        right += abs(p - g) < threshold
    return right / len(labelled)


def score_frame(predicted, labelled, rows, run_time=0.0):
    """Return (accuracy, FP, FN) of one frame given as lists."""
    if run_time > 200 or len(labelled) + 2 < len(predicted):
        return 0.0, 0.0, 1.0
    accuracies = []
    matched = missed = 0
    for lane in labelled:
        threshold = 20 / math.cos(lane_angle(lane, rows))
        best = 0.0
        for guess in predicted:
            best = max(best, line_accuracy(guess, lane, threshold))
        if best < 0.85:
            missed += 1
        else:
            matched += 1
        accuracies.append(best)
    surplus = len(predicted) - matched
    total = sum(accuracies)
    if len(labelled) > 4:
        total -= min(accuracies)
        if missed > 0:
            missed -= 1
    return (
        total / max(min(4.0, len(labelled)), 1.0),
        surplus / len(predicted) if predicted else 0.0,
        missed / max(min(4.0, len(labelled)), 1.0),
    )
