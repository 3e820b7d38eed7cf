"""What an honest robustness report has to answer; every answer has a figure and a verdict.

The ten points are listed, check by check, in docs/robustness_checks.md. A new check is a row here
and a proof in tests/evaluation/checks/.
"""

from keras_reid.evaluation.checks import (
    baselines,
    gradients,
    masking,
    pixels,
    probes,
    record,
    strength,
    threat,
    twin,
    worst_case,
)
from keras_reid.evaluation.checks.check import FAIL, PASS, WARN, Check

__all__ = ["CHECKS", "FAIL", "PASS", "WARN", "Check", "run_checks"]

CHECKS = {
    "threat model stated": (1, threat.stated),
    "rows fit the threat model": (1, threat.holds),
    "images found guides": (1, threat.guides_found),
    "inside the ball on uint8": (2, pixels.inside_the_ball),
    "attacks change pixels": (2, pixels.pixels_change),
    "embeddings move": (2, pixels.embeddings_move),
    "epsilon 0 is the clean result": (3, pixels.same_pipeline),
    "zero perturbation, same features": (3, probes.zero_perturbation),
    "clean above chance": (4, baselines.clean_above_chance),
    "noise measured": (4, baselines.noise_measured),
    "attacks beat noise": (4, baselines.attacks_beat_noise),
    "step fits epsilon": (5, strength.step_fits),
    "many steps beat one": (5, strength.iterative_beats_one_step),
    "monotone in epsilon": (5, strength.monotone),
    "steps suffice": (5, strength.steps_suffice),
    "rank-1 ends at zero": (5, strength.breaks_at_last),
    "gradients not zero": (6, gradients.gradients_not_zero),
    "guides are other images": (6, gradients.guides_lead),
    "same batch, same features": (6, probes.same_batch_twice),
    "features independent of batch": (6, probes.batch_independent),
    "restarts taken": (7, worst_case.restarts_taken),
    "worst case adds up": (7, worst_case.worst_case_adds_up),
    "transfer weaker than white box": (8, masking.transfer_weaker),
    "gradient-free weaker than white box": (8, masking.gradient_free_weaker),
    "undefended twin breaks": (9, twin.twin_breaks),
    "twin under the same settings": (9, twin.twin_alike),
    "attacks beyond the training one": (9, twin.other_attacks),
    "several seeds": (10, record.several_seeds),
    "seeds have an effect": (10, record.seeds_matter),
    "interval over queries": (10, record.interval_narrow),
    "scores of every query": (10, record.queries_recorded),
    "command given": (10, record.command_known),
}


def run_checks(evidence):
    """Answers every question of an honest report.

    Args:
      evidence: Evidence.

    Returns:
      list of Check, in the order of `CHECKS`. What was not measured warns and says which flag
      measures it.
    """
    return [
        Check(point=point, name=name, **check(evidence)._asdict())
        for name, (point, check) in CHECKS.items()
    ]
