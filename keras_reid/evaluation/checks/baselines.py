"""Point 4: what knows nothing, and what does nothing clever, measured beside the attacks."""

from keras_reid.evaluation.checks import rows as pick
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Finding, not_collected
from keras_reid.evaluation.checks.compare import SLACK, points, rise

# A clean model barely above a random ranking can't be attacked: there is nothing to lose.
CHANCE_WARN, CHANCE_FAIL = 2.0, 1.2
ORDER = (PASS, WARN, FAIL)


def clean_above_chance(evidence):
    """The clean model ranks far better than a random ranking."""
    if not evidence.chance or "mean_ap" not in evidence.chance:
        return not_collected(
            "The chance level was not measured", "evaluate again in a new --workdir"
        )
    clean, chance = evidence.clean["mean_ap"], evidence.chance["mean_ap"]
    figure = f"{points(clean)} against {points(chance)}"
    if clean > CHANCE_WARN * chance:
        return Finding(PASS, figure, "The clean model is far above the chance level.")
    return Finding(
        FAIL if clean <= CHANCE_FAIL * chance else WARN,
        figure,
        f"The clean model's mAP is {clean / chance:.1f} times the chance level, so it has little "
        "to lose and its robustness means nothing. Train it, or check --model and --data.",
    )


def noise_measured(evidence):
    """Uniform and sign noise are there at every epsilon at which something is attacked."""
    balls = pick.grouped(pick.attacks(evidence.rows), pick.ball)
    beside = pick.grouped(pick.noises(evidence.rows), pick.ball)
    lacking = [
        f"{name} at {epsilon:g}/255 on the {side}"
        for side, epsilon in balls
        for name in ("noise", "sign_noise")
        if name not in {row.attack for row in beside.get((side, epsilon), ())}
    ]
    if lacking or not balls:
        what = f"{len(lacking)} baselines are missing, such as {lacking[0]}" if lacking else (
            "No attack was measured"
        )  # fmt: skip
        return not_collected(what, "evaluate again in a new --workdir")
    return Finding(PASS, f"{len(balls)} balls", "Both noises stand beside every attack.")


def attacks_beat_noise(evidence):
    """No white box is weaker than noise of its ball, and each is stronger somewhere."""
    floors = pick.grouped(pick.noises(evidence.rows), pick.ball)
    compared, weaker, best = 0, [], {}
    for cell in pick.grouped(pick.white_box(evidence.rows), pick.cell).values():
        beside = floors.get(pick.ball(cell[0]))
        if not beside:
            continue
        compared += 1
        noise = pick.strongest(beside)[0]
        if rise(pick.scores(noise), pick.scores(cell)).real:
            weaker.append(cell[0])
        gain = rise(pick.scores(cell), pick.scores(noise))
        who = cell[0].attack, cell[0].attacked
        nothing_left = pick.mean_ap(noise) <= CHANCE_WARN * evidence.chance["mean_ap"]
        verdict = PASS if gain.real or nothing_left else WARN if gain.mean > SLACK else FAIL
        best[who] = min(best.get(who, FAIL), verdict, key=ORDER.index)
    if not compared:
        return not_collected("No attack has noise beside it", "evaluate again in a new --workdir")
    if weaker:
        return Finding(
            FAIL,
            f"{len(weaker)} of {compared} weaker",
            f"{pick.said(weaker[0])} costs less than noise of the same epsilon: it climbs the "
            "wrong way, or its gradient is worth nothing.",
        )
    alike = [f"{attack} on the {side}" for (attack, side), good in best.items() if good != PASS]
    if alike:
        largest = max(row.epsilon_255 for row in pick.attacks(evidence.rows))
        return Finding(
            FAIL if largest >= pick.LARGE_EPSILON and FAIL in best.values() else WARN,
            f"{len(alike)} of {len(best)} alike",
            f"{', '.join(alike)}: no stronger than noise at any epsilon. Take larger epsilons; if "
            "that changes nothing, gradients are masked or the attack is dead.",
        )
    return Finding(PASS, f"{compared} cells", "Every attack costs more than noise.")
