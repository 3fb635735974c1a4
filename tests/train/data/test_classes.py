"""Classes of frames, and stratified draws of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightnoise import keyed
from lightnoise_train.config import DataConfig
from lightnoise_train.data.classes import Classified, classified, few, prior, stratified
from lightnoise_train.data.frames import Frame, FrameSet
from lightnoise_train.errors import ConfigError, DataError


def frames(*kinds):
    return FrameSet([Frame(None, str(number), None, {"kind": kind}) for number, kind in enumerate(kinds)])


def test_numbers_mean_the_same_in_all_parts_and_the_unknown_are_left_out():
    found = classified({"train": frames("c", None, "a", "c"), "test": frames("b", "c")}, DataConfig())
    assert found["train"].classes.tolist() == [2, 0, 2]
    assert [frame.key for frame in found["train"].frames.frames] == ["0", "2", "3"]
    assert found["test"].classes.tolist() == [1, 2]
    assert prior(found["train"], found["test"]) == 0.5  # c is the most common one of training


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(ConfigError, match=r"attribute: no frame has 'sort'; they have kind"):
        classified({"train": frames("a", "b")}, DataConfig(), "sort")
    with pytest.raises(DataError, match="no test frame"):
        classified({"train": frames("a", "b"), "test": frames(None)}, DataConfig())
    with pytest.raises(DataError, match="one class"):
        classified({"train": frames("a", "a")}, DataConfig())


@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.data())
def test_every_class_has_its_share(numbers, data):
    classes = np.array(numbers, dtype=np.int64)
    names, sizes = np.unique(classes, return_counts=True)
    count = data.draw(st.integers(len(names), len(classes)))
    chosen = stratified(classes, count, keyed.generator(0, "x"))
    assert len(chosen) == len(set(chosen.tolist())) == count
    drawn = np.array([(classes[chosen] == name).sum() for name in names])
    assert (drawn >= 1).all()
    assert (np.abs(drawn - sizes * count / len(classes)) < len(names)).all()


def test_equal_classes_are_drawn_equally_and_few_are_among_more():
    classes = np.repeat(np.arange(10), 50)
    few_, more = (stratified(classes, count, keyed.generator(3, "labels")) for count in (20, 100))
    assert np.bincount(classes[few_]).tolist() == [2] * 10
    assert np.bincount(classes[more]).tolist() == [10] * 10
    assert set(few_) <= set(more)
    assert set(few_) != set(stratified(classes, 20, keyed.generator(4, "labels")))


def test_a_count_that_cannot_be_is_told_by_its_name():
    part = Classified(frames("a", "b", "b"), np.array([0, 1, 1]))
    assert few(part, None, 0, "labels") is part
    assert len(few(part, 2, 0, "labels").frames) == 2
    for count in (1, 4):
        with pytest.raises(ConfigError, match=f"labels: count must be from 2, one of each class, to 3, got {count}"):
            few(part, count, 0, "labels")
