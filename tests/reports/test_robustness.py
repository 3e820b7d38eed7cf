"""The page of a robustness evaluation says what results.json says, and nothing from elsewhere."""

import base64
import copy
import re

import pytest

from keras_reid.errors import ReIDError
from keras_reid.reports import render, robustness_curves, robustness_report
from keras_reid.reports.robustness import hardest
from tests.reports.pages import Page, Tables, decoded

NASTY = """<script>alert("1")</script> & 'x'"""
EPSILON = 5.0


def told(share):
    return f"{100 * share:.1f}"


def between(interval):
    return "–".join(map(told, interval))


@pytest.fixture
def results(robust, robust_page, monkeypatch):
    """To be changed. Their curves take long and are looked at in `robust_page`."""
    dot = base64.b64decode(re.search(r"data:image/png;base64,([^\"]+)", robust_page)[1])
    monkeypatch.setattr(robustness_curves, "epsilon_curves", lambda *points, **how: dot)
    return copy.deepcopy(robust.results)


@pytest.fixture(scope="module")
def tables(robust_page):
    return Tables(robust_page)


def entry(entries, **wanted):
    (found,) = (e for e in entries if all(e[key] == value for key, value in wanted.items()))
    return found


def test_nothing_comes_from_outside_and_every_link_leads_somewhere(robust_page):
    page = Page(robust_page)
    for tag in ("script", "link", "iframe", "object"):
        assert not page.all(tag)
    for name in ("src", "srcset"):
        for _, attributes in page.tags:
            assert (attributes.get(name) or "data:image/").startswith("data:image/")
    assert {link["href"] for link in page.all("a")} == {
        f"#{section['id']}" for section in page.all("section")
    }
    assert not re.search(r"url\(|@import|https?://", robust_page)
    assert "prefers-color-scheme: dark" in robust_page


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


def test_summary_tells_both_models_in_one_form(robust, robust_page):
    text, found = Page(robust_page).text, robust.results
    for role, name, clean in (("victim", "This model", "clean"),
                              ("twin", "Its undefended twin", "twin_clean")):  # fmt: skip
        plain, worst = found[clean], entry(found["worst"], role=role)
        low, high = map(told, plain["interval"])
        assert (
            f"{name} reaches {told(plain['mean_ap'])} % mAP without attack (95 % interval {low} to "
            f"{high}). Under the worst attack for each query at epsilon 5/255, "
            f"{told(worst['mean_ap'])} % ({' to '.join(map(told, worst['interval']))}) is left: "
            f"{100 * worst['mean_ap'] / plain['mean_ap']:.0f} % of the clean figure, robustness "
            f"score {entry(found['score'], role=role)['score']:.3f}."
        ) in text
    assert "Measured over 19 queries and 20 gallery images" in text
    assert f"a random ranking reaches {told(found['chance']['mean_ap'])} % mAP" in text


def test_checks_are_complete_and_those_that_fail_come_first(robust, tables):
    shown = [table for table in tables.found if table["class"] == "checks"]
    rows = [row for table in shown for row in table["rows"][1:]]
    assert sorted(rows) == sorted(
        [c["verdict"], c["name"], str(c["point"]), c["figure"], c["sentence"]]
        for c in robust.results["checks"]
    )
    verdicts = [row[0] for row in rows]
    assert verdicts == sorted(verdicts, key=["fail", "warn", "pass"].index)
    assert set(verdicts) == {"fail", "warn", "pass"}
    assert {row[0] for row in shown[1]["rows"][1:]} == {"pass"}


def test_a_check_that_fails_is_told_above_everything(results):
    def page(verdict):
        for check in results["checks"]:
            check["verdict"] = "pass"
        results["checks"][3]["verdict"] = verdict
        return render(robustness_report(results, attacks=[]))

    failed = Page(page("fail"))
    assert {"class": "warning", "role": "note"} in failed.all("p")
    name = results["checks"][3]["name"]
    assert f"1 check fails: {name}. Do not rely" in failed.text
    assert "31 pass, 0 warn and 1 fail." in failed.text
    assert failed.text.index("Do not rely") < failed.text.index("clean mAP")
    warned = Page(page("warn"))
    assert "Do not rely" not in warned.text and "31 pass, 1 warn and 0 fail." in warned.text


def test_every_picture_is_there_and_has_words_in_its_place(robust, robust_page):
    page = Page(robust_page)
    entries = [e for e in robust.results["rank_lists"] if e["attack"] in ("sma", "fna")]
    queries = {e["query"]["path"]: len(e["clean"]) for e in entries}
    assert len(queries) == 2 and len(entries) == 2 * 3
    tiles = sum(1 + count for count in queries.values())
    for each in entries:  # adversarial, its change, the ranking, the guides
        guides = each["guides"]
        tiles += (
            2 + len(each["attacked"]) + len(guides.get("push", [])) + len(guides.get("pull", []))
        )
    pictures = page.all("img")
    assert len(pictures) == 3 + tiles  # both, the model, the twin
    assert len(page.all("source")) == 3  # and in dark
    for attributes in pictures:
        assert attributes["alt"].strip()
        decoded(attributes["src"])
    worst = entry(robust.results["worst"], role="victim")
    alts = " ".join(" ".join(attributes["alt"] for attributes in pictures).split())
    assert f"worst case: {told(worst['mean_ap'])} % at 5/255" in alts
    assert "guide, pulled towards: person 10" in alts  # a training person
    assert "After fna, train guides, epsilon 5/255" in page.text
    assert re.search(r"pulled towards: 3 of 3 shown", page.text)


def test_threat_model_settings_and_origin_are_there(robust, robust_page):
    text, found = Page(robust_page).text, robust.results
    for words in (
        *map(str, found["threat_model"].values()), "black box budget 40", "seeds 0, 1",
        found["provenance"]["command"], found["provenance"]["tensorflow"],
        found["data"]["fingerprint"], found["model"]["fingerprint"], found["twin"]["fingerprint"],
        found["surrogates"][0]["fingerprint"], found["provenance"]["numpy"],
    ):  # fmt: skip
        assert words in text


def test_what_others_wrote_is_escaped(results):
    results["data"]["name"] = NASTY
    results["model"]["source"] = NASTY
    results["notes"] = [NASTY]
    results["transfer"][0]["extra"]["source"] = results["surrogates"][0]["source"] = NASTY
    results["transfer"].pop()
    results["checks"][0] |= {"sentence": NASTY, "figure": NASTY, "verdict": "fail"}
    results["plan"]["metric"] = NASTY
    page = render(robustness_report(results, title=NASTY, attacks=[]))
    assert "<script" not in page and not Page(page).all("script")
    # Title, model, data, note, transfer, surrogate, figure, sentence, setting.
    assert Page(page).text.count("alert") == 9


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
    assert "robustness score none" in text and "Transfer" not in text and "Black box" not in text
    (row,) = Tables(page).named("Worst case over epsilon")
    assert row["hardest attack"] == "–"  # all attacks are the same there
    assert "± seeds" not in Tables(page).named("Attacks on queries at epsilon 0/255")[0]


def test_the_hardest_attacks_are_shown_first(results):
    worst = entry(results["worst"], role="victim")
    worst["hardest"] = {"fna": 0.1, "ifgsm": 0.4, "pgd": 0.2, "sma": 0.3}
    assert hardest(results) == ["ifgsm", "sma", "pgd"]


def test_results_without_a_part_and_images_that_are_gone_get_a_sentence(results):
    with pytest.raises(ReIDError, match="lack worst; evaluate again"):
        robustness_report({key: value for key, value in results.items() if key != "worst"})
    results["rank_lists"][-1]["query"]["path"] = "/nowhere/gone.png"
    with pytest.raises(ReIDError, match=r"gone.png.*--rank_lists="):
        robustness_report(results)
    assert not robustness_report(results, attacks=[]).rank_lists
