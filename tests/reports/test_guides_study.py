"""The page of a study: the claims on top, a sentence under every plot, the ranks of the pulled."""

import pytest

from keras_reid.reports import render
from keras_reid.reports.guides_study import guides_report
from tests.reports.pages import Page, decoded
from tests.reports.study_samples import study

# By LEFT of the samples: odfa leaves less than sma, random pulls as much as furthest.
VERDICTS = {
    "both together": "holds",
    "several guides": "holds",
    "furthest identity": "not settled",
    "SMA and one guide": "holds",
    "SMA and ODFA": "does not hold",
    "FNA the strongest": "holds",
}


@pytest.fixture(scope="module")
def content():
    return guides_report(study("victim"))


@pytest.fixture(scope="module")
def page(content):
    return Page(render(content))


def test_the_claims_are_the_first_table(content):
    table = content.tables[0]
    assert table.columns == ("claim", "by mAP", "by rank-1", "mAP points")
    assert {row[0]: row[1] for row in table.rows} == VERDICTS
    rows = {row[0]: row for row in table.rows}
    # Of both pairs the smaller: pulls leave 0.25, both 0.1; half of it at the smaller epsilon.
    assert rows["both together"][3] == "+9.00 ± 1.00"
    assert (
        "on this model: holds 4, does not hold 1, not settled 1 (80.0 % mAP" in content.summary[0]
    )


def test_every_plot_has_a_sentence_with_its_verdict(content, page):
    assert len(content.figures) == len(page.all("figcaption")) == 4 * 2
    for measure, figures in (("mAP", content.figures[::2]), ("rank-1", content.figures[1::2])):
        captions = [figure.caption for figure in figures]
        assert "is stronger than either alone holds here" in captions[0]
        assert "than to a random one is not settled here" in captions[2]
        for words in ("SMA is stronger than ODFA does not hold here", "FNA is the strongest holds"):
            assert words in captions[3]
        assert all(f"% {measure}" in caption for caption in captions)
    alts = [image["alt"] for image in page.all("img")]
    assert "80.0 % without attack, at the largest epsilon 4 pushes 24.0 %" in alts[0]
    for attributes in page.all("img"):
        assert decoded(attributes["src"])[0] == "PNG"
    assert len(page.all("source")) == 8


def test_only_variants_that_pull_have_a_rank(content):
    table = next(table for table in content.tables if "Rank of the identity" in table.caption)
    assert table.columns == ("", "clean", "2", "8", "first")
    assert [row[0] for row in table.rows] == [
        "1 pull", "4 pulls", "2 push + 2 pull", "4 pulls, random", "FNA", "FNA, random",
    ]  # fmt: skip
    assert table.rows[0][1:] == ("66.5", "37", "1", "75.0 %")


def test_what_is_unknown_is_not_shown():
    told = study("victim")
    for row in told["rows"]:
        if row["pulled"]:
            row["pulled"] = dict.fromkeys(("before", "after"), dict.fromkeys(
                ("mean", "median", "first")))  # fmt: skip
    table = next(t for t in guides_report(told).tables if "Rank of the identity" in t.caption)
    assert table.rows[0][1:] == (None, None, None, None)


def test_the_page_says_who_what_and_how(page):
    for words in (
        "2 of 9 queries have <no> other image", "Threat model", "L-infinity", "as each variant",
        "runs/<goat> (abcdef0123456789)", "market1501 (0123456789abcdef), 9 queries",
        "python -m trainers.evaluate_robustness --study=guides",
    ):  # fmt: skip
        assert words in page.text
    assert not page.all("script") and len(page.all("h1")) == 1


def test_a_twin_has_tables_and_plots_of_its_own():
    content = guides_report(study("victim", "twin"))
    assert len(content.figures) == 16 and len(content.tables) == 8
    assert content.tables[4].caption == "Twin: Published claims"
    assert content.figures[8].caption.startswith("Twin: The published claim")
    assert "on the twin" in content.summary[1]
