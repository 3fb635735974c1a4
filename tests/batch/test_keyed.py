import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lightnoise.keyed import generator


def first(*key):
    return int(generator(*key).integers(2**63))


def test_the_draws_of_a_key_never_change():
    # Golden: a change here changes every data set that anybody has made.
    assert first(0, "clips/0313-1/6040/20.jpg", 0) == 3773807762412193680
    assert isinstance(generator(0, 5).bit_generator, np.random.PCG64)


def test_each_part_of_the_key_counts():
    keys = [
        (0, "a", 0),
        (1, "a", 0),
        (0, "b", 0),
        (0, "a", 1),
        (0, 7, 0),
        (0, "7", 0),
        (10, "a", 0),
        (1, "0a", 0),
    ]
    assert len({first(*key) for key in keys}) == len(keys)


@given(seed=st.integers(-(2**70), 2**70), item=st.text() | st.integers(), epoch=st.integers(0, 10**9))
def test_a_key_names_one_stream(seed, item, epoch):
    assert first(seed, item, epoch) == first(seed, item, epoch)


def test_names_that_are_no_valid_text_have_a_stream():
    assert first(0, b"bad\xff.png".decode("utf-8", "surrogateescape")) != first(0, "bad.png")


def test_global_state_is_untouched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (the point of the test)
    generator(3, "x").normal(size=100)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_draws_over_items_are_uniform():
    draws = np.array([generator(0, index).random() for index in range(4000)])
    counts = np.histogram(draws, bins=20, range=(0, 1))[0]
    chi2 = float(((counts - 200.0) ** 2 / 200.0).sum())
    assert chi2 < 43.8  # 0.1 % point of χ² with 19 degrees of freedom


def test_generators_can_spawn():
    left, right = generator(0, "x").spawn(2)
    assert left.random() != right.random()
