"""study.csv: one line a variant and epsilon."""

import csv

from keras_reid.files import aside

COLUMNS = (
    "role", "variant", "attack", "num_push", "num_pull", "pull_identity", "epsilon_255", "steps",
    "seeds", "mean_ap", "mean_ap_deviation", "mean_ap_low", "mean_ap_high", "rank1",
    "displacement", "linf_255", "fallbacks", "pulled_median_before", "pulled_median_after",
    "pulled_mean_before", "pulled_mean_after", "pulled_first_before", "pulled_first_after",
)  # fmt: skip


def write_study_csv(path, results):
    """Writes the rows of `study_results`; what does not apply to a variant stays empty."""
    with aside(path) as draft, open(draft, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for row in results["rows"]:
            writer.writerow(_line(row, results["variants"][row["variant"]]))


def _line(row, variant):
    low, high = row["interval"]
    sampled = variant["attack"] not in ("sma", "odfa", "fna")
    line = {
        "role": row["role"],
        "variant": row["variant"],
        "attack": variant["attack"],
        # The others take all there are, or none.
        "num_push": variant["num_push"] if sampled else None,
        "num_pull": variant["num_pull"] if sampled else None,
        "pull_identity": variant["pull_identity"] if row["pulled"] else None,
        "epsilon_255": f"{row['epsilon_255']:g}",
        "steps": row["steps"],
        "seeds": row["mean_ap"]["seeds"],
        "mean_ap": row["mean_ap"]["mean"],
        "mean_ap_deviation": row["mean_ap"]["deviation"],
        "mean_ap_low": low,
        "mean_ap_high": high,
        "rank1": row["rank1"]["mean"],
        "displacement": row["displacement"],
        "linf_255": row["linf_255"],
        "fallbacks": row["fallbacks"],
    }
    for when, ranks in (row["pulled"] or {}).items():
        line |= {f"pulled_{name}_{when}": value for name, value in ranks.items()}
    return {name: _rounded(value) for name, value in line.items()}


def _rounded(value):
    return f"{value:.6g}" if isinstance(value, float) else value
