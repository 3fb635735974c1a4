import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lightnoise.keyed import Draws, draws, generator


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


def test_named_draws_never_change():
    # Golden, as above.
    drawn = draws(0, "clips/0313-1/6040/20.jpg", 0)
    assert drawn.uniform("scatter") == 0.5583173485367552
    assert drawn.branch("0").whole("noise_seed", 2**32) == 2069952278


def test_names_and_branches_have_draws_of_their_own():
    drawn = draws(1, "a")
    names = [f"name {number}" for number in range(50)]
    every = [source.uniform(name) for source in (drawn, drawn.branch("0"), drawn.branch("1")) for name in names]
    assert len(set(every)) == 150
    assert every[:50] == [draws(1, "a").uniform(name) for name in names]
    assert drawn.uniform("name 0") != draws(1, "a", 1).uniform("name 0") != draws(2, "a").uniform("name 0")


def test_named_draws_are_uniform():
    values = np.array([draws(0, index).uniform("scatter") for index in range(4000)])
    assert ((values >= 0.0) & (values < 1.0)).all()
    whole = [draws(0, index).whole("member", 20) for index in range(4000)]
    for counts in (np.histogram(values, bins=20, range=(0, 1))[0], np.bincount(whole, minlength=20)):
        assert float(((counts - 200.0) ** 2 / 200.0).sum()) < 43.8


def test_a_generator_moves_on_when_it_keys_draws():
    rng = np.random.default_rng(0)
    assert Draws.of(rng).uniform("x") != Draws.of(rng).uniform("x")
