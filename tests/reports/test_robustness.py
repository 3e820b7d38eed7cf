"""The page of a robustness evaluation says what results.json says, and nothing from elsewhere."""

import re

import pytest

from keras_reid.errors import ReIDError
from keras_reid.reports import render, robustness_report
from keras_reid.reports.robustness import hardest
from tests.reports.pages import Page, Tables, decoded
from tests.reports.robustness_sample import entry, told

NASTY = """<script>alert("1")</script> & 'x'"""


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
            f"score {entry(found['score'], role=role)['score']:.3f} up to 5/255."
        ) in text
    assert "Measured over 19 queries and 20 gallery images" in text
    assert f"a random ranking reaches {told(found['chance']['mean_ap'])} % mAP" in text


def test_checks_are_complete_and_those_that_fail_come_first(robust, robust_page):
    shown = [table for table in Tables(robust_page).found if table["class"] == "checks"]
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
