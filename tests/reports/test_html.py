"""The page: whole in itself, sound, escaped, readable by machines and by those who can't see."""

import re

import pytest

from keras_reid.errors import ReIDError
from keras_reid.reports import (
    Figure,
    ReportContent,
    Table,
    attack_report,
    epsilon_curves,
    render,
    retrieval_report,
    write_report,
)
from tests.reports import samples
from tests.reports.pages import Page, decoded

NASTY = """<script>alert("1")</script> & 'x'"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def attack_page(folder):
    return render(attack_report(samples.attack_results(folder), title="Under attack"))


def test_nothing_comes_from_outside(attack_page):
    page = Page(attack_page)
    for tag in ("script", "link", "iframe", "object"):
        assert not page.all(tag)
    for _, attributes in page.tags:
        for name in ("src", "srcset", "href"):
            assert (attributes.get(name) or "data:image/").startswith(("data:image/", "#"))
    assert not re.search(r"url\(|@import|https?://", attack_page)


def test_every_part_is_there(attack_page):
    page = Page(attack_page)
    text = page.text
    for words in (
        "Under attack", "80.0 % mAP", "Results", "Curves", "Rank lists", "Threat model",
        "L-infinity", "python -m trainers.attack --model=a", "runs/<demo>", "abcdef0123456789",
        "0123456789abcdef", "standard average precision",
    ):  # fmt: skip
        assert words in text
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert page.all("html") == [{"lang": "en"}]
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert "prefers-color-scheme: dark" in attack_page and "max-width: 46rem" in attack_page
    assert "None" not in text  # git is None here: left out


def test_tables_have_captions_and_headers(attack_page):
    page = Page(attack_page)
    assert len(page.all("caption")) == len(page.all("table")) == 1
    headers = page.all("th")
    assert all(header["scope"] in ("col", "row") for header in headers)
    # none, chance, 7 trials.
    assert sum(header["scope"] == "row" for header in headers) == 9
    assert len(page.all("td")) == 9 * (len([h for h in headers if h["scope"] == "col"]) - 1)


def test_every_picture_opens_and_has_words_in_its_place(attack_page):
    page = Page(attack_page)
    pictures = page.all("img")
    for attributes in pictures:
        assert attributes["alt"].strip()
        decoded(attributes["src"])
    for source in page.all("source"):
        assert decoded(source["srcset"])[0] == "PNG"
        assert source["media"] == "(prefers-color-scheme: dark)"
    # Two curves; one query attacked twice: 1 + 2 + 2 probes, 3 x 3 places; one once: 1 + 2, 2 x 3.
    assert len(pictures) == 2 + (5 + 9) + (3 + 6)
    alts = [attributes["alt"] for attributes in pictures]
    assert "rank 1: person 7, camera 2, correct, distance 0.25" in alts
    assert "rank 2: nobody sought, camera 2, a distractor, distance 0.5" in alts
    assert any("at the largest epsilon: sign noise 75.0 %, ifgsm 30.0 %" in alt for alt in alts)


def test_rank_lists_of_one_query_stand_together_with_their_verdicts(attack_page):
    page = Page(attack_page)
    assert len(page.all("article")) == 2
    assert page.text.count("Before") == 3  # twice over the lists, once in the table's caption
    assert "After sma, epsilon 5/255" in page.text and "After fna, epsilon 5/255" in page.text
    kinds = [item["class"] for item in page.all("li")][3:]  # after the key
    assert kinds[:3] == ["match", "distractor", "stranger"]
    assert kinds[3:6] == ["stranger", "stranger", "distractor"]


def test_notes_say_what_a_reader_has_to_know(attack_page):
    text = Page(attack_page).text
    assert "2 of the attacks take too few steps" in text  # ifgsm at both epsilons
    assert "2 images are alone in their identity and were attacked with sma" in text
    assert "fna, changing no pixel by more than 5/255, leaves 0.0 % mAP" in text
    assert "Sign noise of that size costs 5.0 points" in text


def test_numbers_are_aligned_and_text_is_not():
    table = Table("T", ("a", "b", "c", "d"), (("x", 1.25, None, "1e-3"), ("y", 10, 3, "2.5")))
    page = render(ReportContent("t", tables=(table,)))
    assert (
        '<td class="number">1.2</td><td class="number">–</td><td class="number">1e-3</td>' in page
    )
    assert '<th scope="row">x</th>' in page and '<td class="number">10</td>' in page


def test_everything_is_escaped():
    picture = epsilon_curves({"a": [(1, 0.5)]})
    page = render(
        ReportContent(
            NASTY,
            summary=(NASTY,),
            tables=(Table(NASTY, (NASTY,), ((NASTY,),), note=NASTY),),
            figures=(Figure(picture, NASTY),),
            threat_model=((NASTY, NASTY),),
            provenance={"command": NASTY, "other": NASTY},
        )
    )
    assert not Page(page).all("script") and "<script" not in page
    assert Page(page).text.count("alert") == 11
    assert [image["alt"] for image in Page(page).all("img")] == [NASTY]


def test_a_dollar_sign_is_no_placeholder():
    assert "costs $5 and $title" in render(ReportContent("t", summary=("costs $5 and $title",)))


def test_an_empty_report_is_still_a_page():
    page = Page(render(ReportContent("Nothing")))
    assert page.text == "Nothing" and not page.all("section")


def test_retrieval_report(folder):
    page = Page(render(retrieval_report(samples.retrieval_results(folder))))
    assert "mAP 70.0 %, rank-1 70.0 % over 3 queries and 9 gallery images." in page.text
    assert "1 queries were skipped" in page.text and "Market-1501 toolbox" in page.text
    assert "re-ranked" not in page.text
    reranked = samples.retrieval_results(folder) | {
        "reranked_figures": dict.fromkeys(samples.SHARES, 0.75),
        "reranked_cmc": [0.75, 0.8, 1.0],
    }
    assert "re-ranked" in Page(render(retrieval_report(reranked))).text


def test_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "deep" / "report.html"
    write_report(path, ReportContent("Title"))
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert list(path.parent.iterdir()) == [path]
    (tmp_path / "file").write_text("")
    with pytest.raises(ReIDError, match="cannot write"):
        write_report(tmp_path / "file" / "report.html", ReportContent("Title"))


def test_a_row_that_does_not_fit_its_table_is_refused():
    with pytest.raises(ValueError, match="2 cells does not fit 3 columns"):
        Table("T", ("a", "b", "c"), (("x", 1),))
