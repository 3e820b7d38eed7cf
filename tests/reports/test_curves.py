"""Curves as PNG: looked at through the axes that were drawn, and through their pixels."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_reid.errors import ReIDError
from keras_reid.reports import cmc_curve, epsilon_curves

SERIES = {"noise": [(1, 0.79), (8, 0.7)], "sma": [(8, 0.0), (1, 0.4)]}


@pytest.fixture
def drawn(monkeypatch):
    """{label: (x, y)} of the lines of the last figure that was saved."""
    lines = {}
    save = Figure.savefig

    def savefig(self, *arguments, **options):
        lines.clear()
        for line in self.axes[0].get_lines():
            lines[line.get_label()] = np.array(line.get_xdata()), np.array(line.get_ydata())
        return save(self, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return lines


def test_lines_begin_at_the_clean_figure_and_are_sorted(drawn):
    epsilon_curves(SERIES, clean=0.8, chance=0.05)
    np.testing.assert_array_equal(drawn["sma"][0], [0, 1, 8])
    np.testing.assert_allclose(drawn["sma"][1], [80, 40, 0])
    np.testing.assert_allclose(drawn["chance"][1], 5)
    assert set(drawn) == {"noise", "sma", "chance"}


def test_a_measured_epsilon_of_zero_is_not_drawn_over(drawn):
    epsilon_curves({"sma": [(0, 0.79), (1, 0.4)]}, clean=0.8)
    np.testing.assert_allclose(drawn["sma"][1], [79, 40])


@pytest.fixture
def axes(monkeypatch):
    """[Axes] of the figures that were saved."""
    kept, save = [], Figure.savefig

    def savefig(self, *arguments, **options):
        kept.append(self.axes[0])
        return save(self, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", savefig)
    return kept


def test_the_strongest_line_and_its_band_stand_out(axes):
    series = SERIES | {"worst case": [(1, 0.3), (8, 0.05)]}
    bands = {"worst case": [(1, 0.2, 0.4), (8, 0.0, 0.1)]}
    epsilon_curves(series, strongest="worst case", bands=bands)
    width = {line.get_label(): line.get_linewidth() for line in axes[0].get_lines()}
    assert width["worst case"] > max(width["sma"], width["noise"])
    (band,) = axes[0].collections
    corners = {tuple(point) for point in band.get_paths()[0].vertices}
    assert {(1, 20), (1, 40), (8, 0), (8, 10)} <= corners


def test_more_attacks_than_colours_differ_by_their_dashes(axes):
    epsilon_curves({f"attack {number}": [(1, 0.5)] for number in range(9)})
    looks = [(x.get_color(), x.get_marker(), x.get_linestyle()) for x in axes[0].get_lines()]
    assert len(set(looks)) == 9


def test_cmc_shows_the_first_ranks(drawn):
    cmc_curve({"ranked": np.linspace(0.5, 1, 100)}, ranks=20)
    np.testing.assert_array_equal(drawn["ranked"][0], np.arange(1, 21))
    cmc_curve({"ranked": [0.5, 1.0]})  # a gallery of two
    np.testing.assert_allclose(drawn["ranked"][1], [50, 100])


@pytest.mark.parametrize(
    "draw",
    [lambda **o: epsilon_curves(SERIES, clean=0.8, **o), lambda **o: cmc_curve({"a": [1]}, **o)],
)
def test_light_and_dark_pictures_suit_their_page(draw):
    def ink(dark):
        pixels = np.asarray(Image.open(io.BytesIO(draw(dark=dark))).convert("RGBA"))
        assert pixels[0, 0, 3] == 0  # transparent behind everything
        return pixels[pixels[..., 3] > 200][:, :3].astype(int).sum(axis=1)

    assert ink(False).min() < 200 and ink(True).min() > 120  # dark letters; no dark letters
    assert ink(True).max() > 600


def test_equal_curves_are_equal_bytes():
    assert epsilon_curves(SERIES) == epsilon_curves(SERIES)


@pytest.mark.parametrize("draw", [lambda: epsilon_curves({}), lambda: epsilon_curves({"a": []})])
def test_nothing_to_draw_gets_a_sentence(draw):
    with pytest.raises(ReIDError, match="no point to draw"):
        draw()


def test_no_rank_to_draw_gets_a_sentence():
    with pytest.raises(ReIDError, match="no rank to draw"):
        cmc_curve({"ranked": []})
