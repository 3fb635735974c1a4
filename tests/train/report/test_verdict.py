import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lightnoise_train.evaluation.bootstrap import Interval
from lightnoise_train.evaluation.results import read_results
from lightnoise_train.evaluation.tusimple import Score
from lightnoise_train.report.content import words
from lightnoise_train.report.summary import summarise
from lightnoise_train.report.verdict import Difference, against_prior, caveats, headline, sentence

NOISE = "under light noise"


def test_a_clear_win():
    assert sentence(Difference("simclr", "baseline", NOISE, 0.024, 0.018, 0.031, 3)) == (
        "simclr is better than baseline under light noise: +2.4 points of accuracy (95 % interval +1.8 to +3.1)."
    )


def test_a_clear_loss():
    assert sentence(Difference("scratch", "baseline", NOISE, -0.12, -0.126, -0.114, 3)) == (
        "scratch is worse than baseline under light noise: −12.0 points of accuracy (95 % interval −12.6 to −11.4)."
    )


def test_within_noise():
    assert sentence(Difference("simclr", "baseline", NOISE, 0.004, -0.009, 0.017, 3)) == (
        "simclr and baseline cannot be told apart under light noise: +0.4 points of accuracy "
        "(95 % interval −0.9 to +1.7). The difference is within noise, which is no proof that they are equal."
    )


def test_zero_has_no_sign():
    assert "0.0 points of accuracy (95 % interval −0.2 to 0.0)" in sentence(
        Difference("a", "b", NOISE, -1e-4, -2e-3, 1e-4, 3)
    )
    assert "+10.0 points" in sentence(Difference("a", "b", NOISE, 0.1, 0.05, 0.2, 3))


def test_one_run_each_speaks_of_these_networks_only():
    won = Difference("simclr", "baseline", NOISE, 0.024, 0.018, 0.031, 1)
    assert "(95 % interval +1.8 to +3.1, over frames alone)" in sentence(won)
    assert "by these networks" in headline([won])


def test_without_an_interval_nothing_follows():
    unknown = Difference("simclr", "baseline", NOISE, 0.3, math.nan, math.nan, 1)
    assert unknown.finding == "open"
    assert "nothing follows" in sentence(unknown)
    assert "better" not in sentence(unknown)


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
def test_nothing_is_claimed_that_the_interval_does_not_allow(value, below, above):
    difference = Difference("a", "b", NOISE, value, value - below, value + above, 3)
    said = sentence(difference)
    if difference.low <= 0.0 <= difference.high:
        assert "cannot be told apart" in said
        assert "better" not in said
        assert "worse" not in said
    else:
        assert ("better than" in said) == (value > 0)
        assert ("worse than" in said) == (value < 0)


def test_headline_sorts_the_arms():
    said = headline(
        [
            Difference("a", "base", NOISE, 0.1, 0.05, 0.15, 3),
            Difference("b", "base", NOISE, -0.1, -0.15, -0.05, 3),
            Difference("c", "base", NOISE, 0.1, 0.05, 0.15, 3),
            Difference("d", "base", NOISE, 0.0, -0.1, 0.1, 3),
        ]
    )
    assert said == "Against base under light noise: a and c are better; b is worse; d is not to be told apart from it."
    assert "nothing to compare" in headline([])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((100, 50, 1, 1), ["one training run"]),
        ((100, 50, 3, 1), ["3 training runs"]),
        ((100, 8, 5, 1), ["8 blocks"]),
        ((100, 50, 5, 14), ["14 differences"]),
        ((100, 50, 5, 1), []),
    ],
)
def test_caveats(arguments, words):
    said = caveats(*arguments)
    assert len(said) == len(words)
    assert all(word in text for word, text in zip(words, said, strict=True))


def test_from_rows_to_words(make_rows, write_rows, tmp_path):
    """Three arms whose truth is known: one better, one the same, one worse."""
    rows = make_rows({"baseline": 0.04, "strong": 0.02, "same": 0.04, "weak": 0.07}, n_seeds=3)
    (summary,) = summarise(read_results(write_rows(tmp_path / "r.jsonl", rows)))
    said = words(summary)
    assert said.headline == (
        "Against baseline under light noise: strong is better; weak is worse; same is not to be told apart from it."
    )
    assert [each.finding for each in said.sentences] == ["better", "open", "worse", "open", "open", "open"]
    assert any("3 training runs" in text for text in said.caveats)


def test_seeds_that_arms_do_not_share_are_not_counted(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.04, "brought": 0.02}, n_seeds=2)
    for row in rows:
        row["seed"] += 10 * (row["arm"] == "brought")
    (summary,) = summarise(read_results(write_rows(tmp_path / "r.jsonl", rows)))
    said = words(summary)
    assert "by these networks" in said.headline
    assert any("one training run each" in text for text in said.caveats)


@pytest.mark.parametrize(
    ("low", "words"),
    [
        (0.7, "every arm beats the prior"),
        (0.5, "a does not clearly beat the prior"),
        (math.nan, "a does not clearly beat the prior"),
    ],
)
def test_arms_must_beat_the_prior(low, words):
    said = against_prior(0.6, {"a": Interval(0.8, low, 0.9), "b": Interval(0.8, 0.7, 0.9)})
    assert words in said
    assert "accuracy 0.600" in said


def test_the_prior_of_the_result_files_is_reported(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.04, "simclr": 0.02}, n_blocks=4)
    (summary,) = summarise(read_results(write_rows(tmp_path / "a.jsonl", rows, prior=Score(0.95, 0.8, 0.8, 0.2))))
    assert summary.prior == Score(0.95, 0.8, 0.8, 0.2)
    said = words(summary)
    assert said.headline.endswith("baseline and simclr do not clearly beat the prior, which looks at nothing.")
    assert said.sentences[0].finding == "worse"
    assert "baseline and simclr do not clearly beat the prior" in said.sentences[0].text


def test_result_files_of_different_frames_have_no_prior_in_common(make_rows, write_rows, tmp_path):
    paths = [
        write_rows(tmp_path / f"{arm}.jsonl", make_rows({arm: 0.03}, n_blocks=4), prior=Score(accuracy, 0.8, 0.8, 0.2))
        for arm, accuracy in (("a", 0.6), ("b", 0.61))
    ]
    (summary,) = summarise(read_results(*paths))
    assert summary.prior is None
    assert not any("prior" in each.text for each in words(summary).sentences)


def test_where_noise_takes_an_arm_down_to_the_prior(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.04, "strong": 0.01}, n_seeds=3)
    path = write_rows(tmp_path / "a.jsonl", rows, prior=Score(0.80, 0.8, 0.8, 0.2))
    first, *rest = words(summarise(read_results(path))[0]).sentences
    assert (first.finding, "every arm beats the prior" in first.text) == ("better", True)
    assert [each.text for each in rest if "prior" in each.text] == [
        "Noise takes baseline down to the prior: it does not clearly beat it at bloom 3, 5 and glare 3, 5."
    ]


def test_noise_that_no_arm_was_trained_under_is_compared_apart(make_rows, write_rows, tmp_path):
    rows = make_rows({"baseline": 0.04, "better": 0.02}, n_seeds=3)
    (summary,) = summarise(read_results(write_rows(tmp_path / "a.jsonl", rows, held_out=["glare"])))
    assert summary.held_out == ("glare",)
    better = summary.arms[1]
    assert better.differences["held out"].estimate == pytest.approx(better.differences["glare"].estimate)
    (said,) = [each.text for each in words(summary).sentences if "no arm was trained under (glare)" in each.text]
    assert said.startswith("better is better than baseline under noise")
    (summary,) = summarise(read_results(write_rows(tmp_path / "a.jsonl", rows, held_out=["bloom", "glare"])))
    assert "held out" not in summary.arms[1].differences  # it would be all noise
