import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lightnoise_train.evaluation.bootstrap import Interval
from lightnoise_train.evaluation.joint import Correlation
from lightnoise_train.report import style
from lightnoise_train.report.curves import Curve, accuracy_curves
from lightnoise_train.report.differences import forest_plot
from lightnoise_train.report.heatmap import heat_map
from lightnoise_train.report.similarity import Cloud, similarity_scatter

LOOKS = style.series(["a", "b"])
X = np.arange(3.0)


@pytest.fixture(autouse=True)
def drawing():
    with style.drawing():
        yield


def curve(y, half=0.1):
    y = np.asarray(y, dtype=float)
    return Curve(X, y, y - half, y + half)


def bars(ax):
    """Return the ends of the error bars of each line of an axes: (n_points, (low, high))."""
    return [np.array(c.get_segments())[:, :, 1] for c in ax.collections if len(c.get_segments())]


def test_curves_and_their_intervals_stand_where_the_numbers_are():
    figure = accuracy_curves({"bloom": {"a": curve([0.9, 0.8, 0.7]), "b": curve([0.9, 0.6, 0.5], 0.05)}}, LOOKS)
    ax = figure.axes[0]
    lines = [line for line in ax.lines if line.get_linestyle() == "-"]
    np.testing.assert_allclose([line.get_ydata() for line in lines], [[0.9, 0.8, 0.7], [0.9, 0.6, 0.5]])
    np.testing.assert_allclose(bars(ax)[0], [[0.8, 1.0], [0.7, 0.9], [0.6, 0.8]])
    np.testing.assert_allclose(bars(ax)[1], [[0.85, 0.95], [0.55, 0.65], [0.45, 0.55]])


def test_an_arm_that_was_not_judged_at_an_effect_is_left_out_there():
    figure = accuracy_curves({"bloom": {"a": curve(X), "b": curve(X)}, "glare": {"b": curve(X)}}, LOOKS)
    assert [len(bars(ax)) for ax in figure.axes[:2]] == [2, 1]


def test_unknown_intervals_are_not_drawn():
    figure = accuracy_curves({"bloom": {"a": curve([0.9, 0.8, 0.7], np.nan)}}, LOOKS)
    assert b"nan" not in style.inline_svg(figure, "x").encode()


def test_a_difference_within_noise_is_hollow():
    rows = {"noise": Interval(0.02, 0.01, 0.03), "clean": Interval(0.0, -0.01, 0.01)}
    points = [line for line in forest_plot({"a": rows}, LOOKS).axes[0].lines if line.get_marker() == "o"]
    assert [point.get_markerfacecolor() for point in points] == [LOOKS["a"].color, "none"]
    assert [point.get_xdata()[0] for point in points] == [2.0, 0.0]


def test_the_chance_level_is_drawn_into_the_scatter():
    similarity, accuracy = np.linspace(0, 1, 5), np.linspace(0.2, 0.9, 5)
    cloud = Cloud(similarity, accuracy, curve([0.3, 0.5, 0.8]), 0.55, Correlation(1.0, 0.5))
    (ax,) = similarity_scatter({"a": cloud}, LOOKS).axes
    assert any(np.allclose(line.get_xdata(), 0.55) for line in ax.lines)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), np.stack([similarity, accuracy], axis=1))


def test_cells_hold_their_numbers_and_stay_empty_where_nothing_was_measured():
    figure = heat_map({"bloom": np.array([[0.9, 0.81], [np.nan, 0.5]])}, ["a", "b"], [1, 5])
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.90", "0.81", "0.50"]


def test_text_in_cells_can_be_read():
    """WCAG 2 asks for a contrast of 4.5."""
    for neutral in (None, 1.0):
        ax = heat_map({"bloom": np.linspace(0.2, 1.9, 18).reshape(3, 6)}, ["a", "b", "c"], range(6), neutral).axes[0]
        mesh = ax.collections[0]
        for text, color in zip(ax.texts, mesh.to_rgba(mesh.get_array().ravel()), strict=True):
            linear = np.where(color[:3] <= 0.04045, color[:3] / 12.92, ((color[:3] + 0.055) / 1.055) ** 2.4)
            light = linear @ (0.2126, 0.7152, 0.0722)
            ink = 1.0 if text.get_color() == "white" else 0.0
            assert (max(light, ink) + 0.05) / (min(light, ink) + 0.05) >= 4.5


def test_series_differ_in_more_than_colour():
    looks = list(style.series([str(i) for i in range(21)]).values())
    assert len({(look.color, str(look.linestyle)) for look in looks}) == 21
    assert len({look.marker for look in looks[:7]}) == 7


def test_svg_is_described_coloured_by_the_page_and_shares_no_id_with_another_figure():
    figure = accuracy_curves({"bloom": {"a": curve(X)}}, LOOKS)
    one, two = style.inline_svg(figure, 'says "a < b"'), style.inline_svg(figure, "another")
    root = ET.fromstring(one.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1))
    assert root.get("aria-label") == 'says "a < b"'
    assert root.get("role") == "img"
    assert "var(--series-0)" in one
    assert not any(colour in one for colour in style.VARIABLES)
    other = ET.fromstring(two.replace("<svg", '<svg xmlns:xlink="http://www.w3.org/1999/xlink"', 1))
    ids = [{each.get("id") for each in tree.iter() if each.get("id")} for tree in (root, other)]
    assert not ids[0] & ids[1]
    targets = {each.get("{http://www.w3.org/1999/xlink}href")[1:] for each in root.iter() if each.tag.endswith("use")}
    assert targets
    assert targets <= ids[0]


def test_drawing_leaves_no_trace_in_matplotlibs_settings():
    import matplotlib as mpl

    with style.drawing():
        assert mpl.rcParams["svg.fonttype"] == "none"
    assert mpl.rcParamsDefault["svg.fonttype"] == "path"
