"""The tables of a robustness evaluation's page hold the figures of results.json."""

import copy

import pytest

from keras_reid.reports import render, robustness_report
from tests.reports.pages import Page, Tables
from tests.reports.robustness_sample import between, entry, told


@pytest.fixture(scope="module")
def tables(robust_page):
    return Tables(robust_page)


@pytest.mark.parametrize("role,prefix,clean", [("victim", "", "clean"),
                                              ("twin", "twin ", "twin_clean")])  # fmt: skip
def test_headline_table_holds_the_figures_of_every_attack(robust, tables, role, prefix, clean):
    rows = {row["attack"]: row for row in tables.named("Attacks on queries at epsilon 5/255")}
    assert list(rows) == [
        "no attack", "noise", "sign noise", "sma", "fna, query guides", "fna, train guides",
        "worst case", "chance",
    ]  # fmt: skip
    summary = [e for e in robust.results["summary"] if e["role"] == role]
    assert len(summary) == 5
    for each in summary:
        name = each["attack"].replace("_", " ")
        row = rows[f"fna, {each['guide_source']} guides" if name == "fna" else name]
        assert row[f"{prefix}mAP %"] == told(each["mean_ap"]["mean"])
        assert row[f"{prefix}95 %"] == between(each["interval"])
        assert row[f"{prefix}± seeds"] == told(each["mean_ap"]["deviation"])
        assert row[f"{prefix}rank-1 %"] == told(each["rank1"]["mean"])
    worst = entry(robust.results["worst"], role=role)
    assert rows["worst case"][f"{prefix}mAP %"] == told(worst["mean_ap"])
    assert rows["worst case"][f"{prefix}95 %"] == between(worst["interval"])
    assert rows["worst case"][f"{prefix}rank-1 %"] == told(worst["rank1"])
    assert rows["worst case"][f"{prefix}± seeds"] == told(worst["seeds"]["deviation"])
    plain = robust.results[clean]
    assert rows["no attack"][f"{prefix}mAP %"] == told(plain["mean_ap"])
    assert rows["no attack"][f"{prefix}95 %"] == between(plain["interval"])


def test_headline_table_holds_chance_change_and_who_is_worst(robust, tables):
    rows = {row["attack"]: row for row in tables.named("Attacks on queries")}
    assert rows["chance"]["mAP %"] == told(robust.results["chance"]["mean_ap"])
    assert rows["chance"]["twin mAP %"] == rows["chance"]["95 %"] == "–"
    worst = entry(robust.results["worst"], role="victim")["hardest"]
    assert rows["sma"]["worst for %"] == told(worst["sma"])
    # Told once, for both sources.
    assert rows["fna, query guides"]["worst for %"] == told(worst["fna"])
    assert rows["fna, train guides"]["worst for %"] == "–" == rows["noise"]["worst for %"]
    cells = [row for row in robust.results["rows"] if row["attack"] == "sma" and not row["extra"]]
    assert len(cells) == 2 and rows["sma"]["change /255"] == "5"
    moved = sum(cell["displacement"] for cell in cells) / 2
    assert rows["sma"]["moved"] == f"{moved:.3g}"


def test_the_worst_case_over_epsilon(robust, tables):
    (row,) = tables.named("Worst case over epsilon")
    for role, prefix, clean in (("victim", "", "clean"), ("twin", "twin ", "twin_clean")):
        worst = entry(robust.results["worst"], role=role)
        assert row[f"{prefix}mAP %"] == told(worst["mean_ap"])
        share = worst["mean_ap"] / robust.results[clean]["mean_ap"]
        assert row[f"{prefix}of clean %"] == told(share)
    shares = entry(robust.results["worst"], role="victim")["hardest"]
    name = max(shares, key=shares.get)
    assert row["ε /255"] == "5" and row["hardest attack"] == f"{name} ({100 * shares[name]:.0f} %)"


def test_transfer_and_black_box_stand_beside_their_white_boxes(robust, tables):
    rows = tables.named("Transfer")
    assert [row["attack"] for row in rows] == ["sma", "fna"]
    for row, cell in zip(rows, robust.results["transfer"], strict=True):
        white = next(
            r for r in robust.results["rows"] if r["attack"] == cell["attack"] and not r["extra"]
        )
        assert (row["mAP %"], row["made on"]) == (told(cell["mean_ap"]), "clean_0")
        assert row["white box mAP %"] == told(white["mean_ap"])
    rows = tables.named("Black box: attackers who may only ask, on 4 queries")
    spsa, *gradients = rows
    (cell,) = robust.results["black_box"]
    assert (spsa["mAP %"], spsa["sees"]) == (told(cell["mean_ap"]), "40 answers each")
    assert [row["mAP %"] for row in gradients] == [
        told(row["mean_ap"]) for row in robust.results["white_box_subset"]
    ]


def test_every_cell_is_there_when_asked_for(robust, robust_page, tables):
    cells = [
        row
        for part in ("rows", "twin_rows", "transfer", "black_box")
        for row in robust.results[part]
    ]
    rows = tables.named("All cells")
    assert [row["mAP %"] for row in rows] == [told(cell["mean_ap"]) for cell in cells]
    assert {"twice the steps", "climbs sma, queries 40"} <= {row["remark"] for row in rows}
    assert len(Page(robust_page).all("details")) == 2  # these, and the checks that pass


def test_surrogates_that_end_alike_keep_their_whole_names(results):
    for part in ("surrogates", "transfer"):
        results[part] += copy.deepcopy(results[part])
    results["surrogates"][1]["source"] = "runs/another/clean_0"
    for row in results["transfer"][2:]:
        row["extra"]["source"] = "runs/another/clean_0"
    rows = Tables(render(robustness_report(results, attacks=[]))).named("Transfer")
    assert [row["made on"] for row in rows[1:3]] == ["runs/other/clean_0", "runs/another/clean_0"]


def test_both_sides_have_tables_and_curves_of_their_own(results):
    results["plan"]["attacked"] = ["query", "gallery"]
    for part in ("rows", "twin_rows", "summary", "worst", "score"):
        results[part] += [row | {"attacked": "gallery"} for row in results[part]]
    for sides in results["curves"].values():
        sides["gallery"] = sides["query"]
    entry(results["worst"], role="victim", attacked="gallery")["mean_ap"] = 0.123
    page = render(robustness_report(results, attacks=[]))
    tables = Tables(page)
    rows = {row["attack"]: row for row in tables.named("Attacks on the gallery")}
    assert rows["worst case"]["mAP %"] == "12.3"
    (row,) = tables.named("Worst case over epsilon, attacks on the gallery")
    assert row["mAP %"] == "12.3"
    assert "with the gallery attacked, 12.3 % (" in Page(page).text
    assert len(Page(page).all("img")) == 6


def test_a_model_alone_without_a_ball_still_has_a_page(alone):
    page = render(robustness_report(alone.results))
    text = Page(page).text
    assert "twin" not in Tables(page).found[0]["rows"][0] and "Curves" not in text
    assert (
        "score up to" in text
        and "none" in text
        and "Transfer" not in text
        and "Black box" not in text
    )
    (row,) = Tables(page).named("Worst case over epsilon")
    assert row["hardest attack"] == "–"  # all attacks are the same there
    assert "± seeds" not in Tables(page).named("Attacks on queries at epsilon 0/255")[0]
