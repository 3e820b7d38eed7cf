"""What trainers.evaluate_robustness prints, from the results that it writes."""

from trainers.terminal import shares


def print_robustness(results):
    """Clean, chance, every attack at the headline's epsilon, the worst case; then the checks."""
    print_figures(results)
    print_over_epsilon(results)
    print_checks(results["checks"])
    for note in results["notes"]:
        print(f"note: {note}")


def print_figures(results):
    """One line an attack at the headline's epsilon, with the interval over queries."""
    epsilon = results["headline_255"]
    print(
        f"{'epsilon ' + format(epsilon, 'g') + '/255':<30}{'mAP %':>8}{'95 % of queries':>18}",
        end="",
    )
    print(f"{'seeds':>10}{'rank-1 %':>10}")
    line("clean", results["clean"]["mean_ap"], results["clean"]["interval"], None,
         results["clean"]["rank1"])  # fmt: skip
    line("chance", results["chance"]["mean_ap"], None, None, results["chance"]["rank1"])
    for role in ("victim", "twin"):
        if role == "twin" and results["twin"]:
            clean = results["twin_clean"]
            print("undefended twin")
            line("clean", clean["mean_ap"], clean["interval"], None, clean["rank1"])
        for entry in at(results["summary"], role, epsilon):
            name = described(entry["attack"], entry["attacked"], entry["guide_source"])
            figure = entry["mean_ap"]
            line(name, figure["mean"], entry["interval"], figure["deviation"],
                 entry["rank1"]["mean"])  # fmt: skip
        for entry in at(results["worst"], role, epsilon):
            line(f"worst per query ({entry['attacked']})", entry["mean_ap"], entry["interval"],
                 entry["seeds"]["deviation"], entry["rank1"])  # fmt: skip
    for name in ("transfer", "black_box"):
        for row in results[name]:
            how = row["extra"].get("source") or f"{row['extra']['queries']} questions each"
            print(f"{name.replace('_', ' ')}: {row['attack']}, {how}: {shares(row).strip()}")


def line(name, mean_ap, interval, deviation, rank1):
    """One row; what is not known is left out."""
    spread = f"{100 * interval[0]:.1f} - {100 * interval[1]:.1f}" if interval else ""
    seeds = f"+-{100 * deviation:.1f}" if deviation is not None else ""
    print(f"{name:<30}{100 * mean_ap:>8.1f}{spread:>18}{seeds:>10}{100 * rank1:>10.1f}")


def print_over_epsilon(results):
    """The worst case over epsilon, and the score."""
    for score in results["score"]:
        points = [
            f"{entry['epsilon_255']:g}: {100 * entry['mean_ap']:.1f}"
            for entry in results["worst"]
            if (entry["role"], entry["attacked"]) == (score["role"], score["attacked"])
        ]
        value = "none" if score["score"] is None else f"{score['score']:.3f}"
        print(
            f"worst-case mAP of the {score['role']}, {score['attacked']} attacked, by epsilon: "
            f"{', '.join(points)}; score {value}"
        )


def print_checks(checks):
    """One line a check."""
    for check in checks:
        print(f"[{check['verdict']}] {check['point']}. {check['name']}: {check['figure']}. "
              f"{check['sentence']}")  # fmt: skip


def at(entries, role, epsilon):
    """The entries of a role at one epsilon."""
    return [e for e in entries if e["role"] == role and e["epsilon_255"] == epsilon]


def described(attack, side, source):
    """sma; fna, guides from query; fna on the gallery, ..."""
    text = attack if side == "query" else f"{attack} on the {side}"
    return text if source == "none" else f"{text}, {source} guides"
