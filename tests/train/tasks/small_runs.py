"""Small frames, drawn on the spot, and runs over them that take a second."""

import numpy as np

from lightnoise import keyed
from lightnoise_train.config import FinetuneConfig, PretrainConfig, load
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.lanes.labels import LaneLabel

SMALL = ["encoder.name=test_resnet", "workers=0", "progress=false", "accelerator=cpu", "log_every=1"]


def read(frame):
    """Return a grey road with two white lines where the label has them, and a colour of its own."""
    generator = keyed.generator(0, frame.key)
    image = np.empty((72, 128, 3), np.uint8)
    image[:] = generator.integers(40, 120, 3)
    for lane in frame.label.lanes:
        for x, y in zip(lane, frame.label.h_samples, strict=True):
            image[y // 10 : y // 10 + 1, int(x) // 10 : int(x) // 10 + 2] = 255
    return image


def frames(count, part="train"):
    """Return labelled frames with lanes of their own."""
    rows = np.arange(300, 720, 10)
    made = []
    for index in range(count):
        key = f"clips/{part}/{index:03d}/20.jpg"
        low, high = keyed.generator(1, key).uniform((200, 700), (500, 1000))
        lanes = np.stack([np.linspace(600, low, len(rows)), np.linspace(680, high, len(rows))])
        made.append(Frame(None, key, LaneLabel(key, lanes, rows), {"kind": "ab"[index % 2]}))
    return FrameSet(made, read)


def both(train=26, validation=10):
    """Return training and validation frames."""
    return {"train": frames(train), "val": frames(validation, "val")}


def pretraining(*settings):
    """Return a configuration of six batches and three steps an epoch."""
    base = ["batch=4", "epochs=2", "checkpoint_every=1", "views.size=[32,32]", "noise.height=32"]
    return load(PretrainConfig, None, [*SMALL, *base, *settings])


def finetuning(*settings):
    """Return a configuration of six steps an epoch."""
    base = ["batch=4", "epochs=2", "checkpoint_every=1", "size=[32,64]", "arm=scratch"]
    return load(FinetuneConfig, None, [*SMALL, *base, *settings])
