"""What commands show on a terminal: a progress bar with ETA, and result tables."""

import contextlib
import sys

import keras


def progress_bar(title, total):
    """Draws a bar with ETA on standard error; returns a callable that takes how many are done."""
    print(title, file=sys.stderr)
    # Keras writes to standard output, where the results go.
    with contextlib.redirect_stdout(sys.stderr):
        bar = keras.utils.Progbar(total, unit_name="image")

    def update(done):
        with contextlib.redirect_stdout(sys.stderr):
            bar.update(done)

    return update


def print_attack_table(summary):
    """Clean, chance and every trial of `run_plan`, one line each."""
    print(
        f"{'attack':<11}{'eps/255':>8}{'steps':>6}{'mAP':>8}{'rank-1':>8}{'rank-5':>8}"
        f"{'rank-10':>8}{'Linf/255':>10}{'moved':>9}"
    )
    for name in ("clean", "chance"):
        print(f"{name:<11}{'':>8}{'':>6}{shares(summary[name])}")
    for row in summary["rows"]:
        print(
            f"{row['attack']:<11}{row['epsilon_255']:>8g}{row['steps']:>6}{shares(row)}"
            f"{row['linf_255']:>10}{row['displacement']:>9.3g}{remarks(row)}"
        )
    facts = summary["threat_model"]
    print(
        f"attacked: {facts['attacked']}; guides from: {facts['guide source']}; distance: "
        f"{facts['distance']}; average precision: {facts['average precision']}; "
        f"{summary['data']['query']} queries, {summary['data']['gallery']} gallery images"
    )


def shares(row):
    """mAP and rank-1/5/10 in percent."""
    return "".join(f"{100 * row[key]:>8.1f}" for key in ("mean_ap", "rank1", "rank5", "rank10"))


def remarks(row):
    """What a reader of the row has to know."""
    notes = []
    if not row["reaches_the_edge"]:
        notes.append("steps do not reach the ball's edge; use --step=fit or more --steps")
    if row["fallbacks"]:
        notes.append(f"{row['fallbacks']} images alone in their identity, attacked with sma")
    if row["still"] and row["epsilon_255"]:
        notes.append(f"{row['still']} images did not move")
    if row["zero_gradient"] > 0:
        notes.append(f"{row['zero_gradient']} images have no gradient to start with")
    return f"  ({'; '.join(notes)})" if notes else ""
