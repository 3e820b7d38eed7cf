"""The page of a transfer evaluation: matrix, heat maps light and dark, curve, examples."""

import json

import pytest

from keras_reid.errors import ReIDError
from keras_reid.reports import render, transfer_report
from keras_reid.reports.heat_map import HeatCell, heat_map
from keras_reid.reports.short_names import short_names
from tests.reports.pages import Page, Tables, decoded


@pytest.fixture(scope="module")
def page(found):
    return render(transfer_report(json.loads(json.dumps(found.told))))


def test_the_matrix_is_a_table(page, found):
    rows = Tables(page).named("Victims under generators at epsilon 24/255")
    assert len(rows) == 8
    (own,) = (row for row in rows if row["trained on"] == "own")
    (told,) = (c for c in found.told["cells"] if c["kinship"] == "own")
    assert own["victim"] == "narrow" and own["generator"] == "g"
    assert own["clean rank-1 %"] == f"{100 * told['clean']['rank1']:.1f}"
    change = Tables(page).named("How visible the change is")
    assert [row["L-inf /255"] for row in change] == ["24"] * 4
    curve = Tables(page).named("Each generator on its own victim")
    assert [row["pixels"] for row in curve] == ["0", "19", "192"]


def test_pictures_are_there_for_light_and_dark_pages(page):
    found = Page(page)
    # A heat map a measure and data set, a curve, examples of two generators on two sets.
    pictures = [tag for tag in found.all("img") if tag.get("class") != "tile"]
    assert len(pictures) == 2 * 2 + 1 + 4
    assert len(found.all("source")) == len(pictures)
    assert all(decoded(tag["src"])[0] == "PNG" for tag in pictures)
    assert "narrow" in pictures[0]["alt"] and "noise" in pictures[0]["alt"]
    assert "change times ten" in pictures[-1]["alt"].lower()


def test_words_tell_the_fall_the_noise_and_the_sources(page, found):
    text = Page(page).text
    assert "g lowers rank-1 of the model that it was trained against, narrow" in text
    assert "victims that g was not trained against" in text
    assert "python -m trainers.evaluate_transfer" in text
    assert found.generators[0].fingerprint in text and "on data" in text
    assert "made at the generator's size and resized" in text


def test_a_missing_picture_gets_a_sentence(found):
    told = json.loads(json.dumps(found.told))
    told["examples"][0]["pictures"]["mask"] = "/nowhere.png"
    with pytest.raises(ReIDError, match="/nowhere.png cannot be read"):
        transfer_report(told)


def test_a_page_without_own_victims_has_no_curve(found):
    told = json.loads(json.dumps(found.told))
    told["cells"] = [{**cell, "kinship": "unknown"} for cell in told["cells"]]
    text = render(transfer_report({**told, "curves": [], "examples": []}))
    assert "For 8 of 8 pairs it is not known" in Page(text).text
    assert "over the number of pixels" not in text


def test_a_heat_map_grows_with_its_matrix_and_is_the_same_twice():
    def draw(rows, columns, **how):
        cells = [[HeatCell("12.3", "own", 0.2, True)] * columns] * rows
        names = [f"name {place}" for place in range(max(rows, columns))]
        return heat_map(names[:rows], names[:columns], cells, title="rank-1", **how)

    small, wide = draw(2, 2), draw(2, 5)
    assert small == draw(2, 2) and small != draw(2, 2, dark=True)
    width, height = decoded_size(small)
    assert decoded_size(wide)[0] > width and decoded_size(wide)[1] == height
    with pytest.raises(ReIDError, match="no matrix"):
        heat_map([], ["a"], [])


def decoded_size(png):
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize(
    "sources,names",
    [
        (["runs/a", "runs/b"], ["a", "b"]),
        (["runs/a/gan", "runs/b/gan"], ["a/gan", "b/gan"]),
        (["zoo/osnet.keras", "x/pcb.pth"], ["osnet", "pcb"]),
        (["same", "same"], ["same", "same"]),
    ],
)
def test_names_are_as_short_as_they_can_be(sources, names):
    assert short_names(sources) == names
