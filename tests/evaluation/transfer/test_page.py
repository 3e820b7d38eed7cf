"""The page of a transfer evaluation: matrix, heat maps light and dark, curve, examples."""

import json
import re

import pytest

from keras_reid.errors import ReIDError
from keras_reid.reports import render, transfer_report
from keras_reid.reports.heat_map import HeatCell, heat_map, wrapped
from keras_reid.reports.robustness_reading import percent
from keras_reid.reports.short_names import short_names
from tests.reports.pages import Page, Tables, decoded
from trainers.transfer_table import print_transfer


def without_pictures(found):
    """The results less curves and examples, which take seconds to draw."""
    return {**json.loads(json.dumps(found.told)), "curves": [], "examples": []}


@pytest.fixture(scope="module")
def page(found):
    return render(transfer_report(json.loads(json.dumps(found.told))))


def test_the_matrix_is_a_table(page, found):
    (told,) = (c for c in found.told["cells"] if c["kinship"] == "own")
    for measure, name in (("rank1", "rank-1"), ("mean_ap", "mAP")):
        rows = Tables(page).named(f"Victims under generators at epsilon 24/255, {name}")
        assert len(rows) == 8
        (own,) = (row for row in rows if row["trained on"] == "own")
        assert own["victim"] == "narrow" and own["generator"] == "g"
        assert own["clean %"] == f"{100 * told['clean'][measure]:.1f}"
        assert own["attacked %"] == f"{100 * told['attacked'][measure]:.1f}"
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
    # A victim on other data is no other model, and is counted once on each data set.
    assert "Models that g was not trained against and that lose at least half" in text
    assert re.search(r"rank-1: \d of 1 on \S+ \w+, \d of 1 on \S+ \w+ \(other data\)\.", text)
    assert "trained against, narrow, on other data (" in text
    assert "python -m trainers.evaluate_transfer" in text
    assert found.generators[0].fingerprint in text and "on data" in text
    assert "made at the generator's size and resized" in text


def test_key_figures_tell_other_models_from_other_data(found):
    told = {each.label: each for each in transfer_report(without_pictures(found)).key_figures}
    for label, kinds in (
        ("own victim, rank-1", ["own"]),
        ("own victim on other data", ["cross-dataset"]),
        ("other models, rank-1", ["cross-model", "both"]),
    ):
        rank1 = [
            cell["attacked"]["rank1"] for cell in found.told["cells"] if cell["kinship"] in kinds
        ]
        assert told[label].figure == percent(sum(rank1) / len(rank1))
    assert told["other models, rank-1"].detail.endswith("mean of 2 pairs, 1 model")
    assert "mean" not in told["own victim, rank-1"].detail


@pytest.mark.parametrize(
    "metric,distances,words",
    [
        ("own", ("euclidean", "aligned:2x4"), "each victim by its own distance (euclidean, align"),
        ("cosine", ("cosine", "cosine"), "every victim by the cosine distance"),
    ],
)
def test_page_and_terminal_name_the_distance(found, capsys, metric, distances, words):
    told = without_pictures(found)
    told["settings"]["metric"] = metric
    for victim, distance in zip(told["victims"], distances, strict=True):
        victim["distance"] = distance
    assert words in Page(render(transfer_report(told))).text
    print_transfer(told)
    assert words in capsys.readouterr().out


def test_an_export_says_what_it_was_made_from(found):
    told = without_pictures(found)
    told["victims"][0]["origin"] = "f" * 16
    assert transfer_report(told).provenance["victim 1"].endswith(f", exported from {'f' * 16})")
    # Results from before exports said so have no such entry.
    del told["victims"][0]["origin"]
    assert "exported" not in transfer_report(told).provenance["victim 1"]


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


@pytest.mark.parametrize(
    "name,lines",
    [
        ("zoo_densenet121", ["zoo_", "densenet121"]),
        ("clean_0", ["clean_0"]),
        ("runs_a/misrank_b", ["runs_a/", "misrank_b"]),
    ],
)
def test_a_long_name_is_broken_where_its_words_end(name, lines):
    assert wrapped(name).split("\n") == lines


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
