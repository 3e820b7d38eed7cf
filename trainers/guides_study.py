"""`trainers.evaluate_robustness --study=guides`: measures, writes and prints the study."""

import sys

from keras_reid.errors import ReIDError
from keras_reid.evaluation.robustness_files import check_results_file
from keras_reid.evaluation.study import run_guides_study
from keras_reid.evaluation.study.files import write_study_csv
from keras_reid.evaluation.study.results import KIND, SCHEMA, study_results
from keras_reid.files import check_writable, write_json
from keras_reid.reports import write_report
from keras_reid.reports.guides_study import claims_of, guides_report
from keras_reid.runs.provenance import provenance
from trainers.kept_cells import open_cells
from trainers.terminal import progress_bar

FILES = ("study.json", "study.csv", "study.html")
# Flags that would name what a study has of its own.
NOT_WITH = (
    "attacks", "black_box", "surrogate", "num_push", "num_pull", "pull_identity", "rank_lists",
    "trained_with",
)  # fmt: skip


def check_study(values, workdir):
    """Refuses flags that a study would ignore, and places where it could not write."""
    for name in NOT_WITH:
        if values[name].present:
            raise ReIDError(f"--study=guides brings its own guides and attacks; leave --{name} out")
    for name in FILES:
        check_writable(workdir / name)
    check_results_file(workdir / FILES[0], KIND, SCHEMA)


def study_guides(plan, workdir, model, dataset, *, several, twin=None):
    """Measures, writes and prints."""
    origin, (store, damaged) = provenance(sys.argv), open_cells(workdir)
    findings = run_guides_study(
        model,
        dataset,
        plan,
        store,
        several=several,
        twin=twin,
        progress=progress_bar,
    )
    findings.notes.extend(damaged)
    told = study_results(findings, dataset, plan) | {"provenance": origin}
    write_study_csv(workdir / "study.csv", told)
    write_report(workdir / "study.html", guides_report(told))
    write_json(workdir / "study.json", told)
    print_study(told)
    print(
        f"{findings.computed} cells computed, {findings.reused} read; written: "
        f"{', '.join(str(workdir / name) for name in FILES)}"
    )


def print_study(told):
    """Claims, mAP of every variant over epsilon, where the identity pulled to stands."""
    for role in told["clean"]:
        if role == "twin":
            print("twin")
        by_rank1 = [entry["verdict"] for entry in claims_of(told, role, "rank1")]
        claims = claims_of(told, role, "mean_ap")
        print(f"{'published claim':<28}{'by mAP':<16}{'by rank-1':<16}")
        for entry, verdict in zip(claims, by_rank1, strict=True):
            print(f"{entry['claim']:<28}{entry['verdict']:<16}{verdict:<16}")
        for entry in claims:
            print(entry["sentence"])
        print_rows(told, role)
    for note in told["notes"]:
        print(f"note: {note}")


def print_rows(told, role):
    """One line a variant."""
    rows = [row for row in told["rows"] if row["role"] == role]
    epsilons = list(dict.fromkeys(row["epsilon_255"] for row in rows))
    print(f"{'mAP % at epsilon/255':<20}{'clean':>7}" + "".join(f"{e:>7g}" for e in epsilons)
          + "   median rank of the identity pulled to")  # fmt: skip
    clean = 100 * told["clean"][role]["mean_ap"]
    for key, variant in told["variants"].items():
        mine = [row for row in rows if row["variant"] == key]
        figures = "".join(f"{100 * row['mean_ap']['mean']:>7.1f}" for row in mine)
        print(f"{variant['name']:<20}{clean:>7.1f}{figures}   {pulled_words(mine)}".rstrip())


def pulled_words(rows):
    """clean 120; 80, 12, 1: nothing for variants that do not pull."""
    if not rows[0]["pulled"]:
        return ""
    before, after = rows[0]["pulled"]["before"], [row["pulled"]["after"] for row in rows]
    if before["median"] is None:
        return "none in the gallery"
    return f"clean {before['median']:g}; " + ", ".join(f"{each['median']:g}" for each in after)
