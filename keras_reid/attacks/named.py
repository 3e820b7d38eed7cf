"""The table of attacks, and `make_attack(name)`.

An attack is a row: where its guides come from and how the one loop is set. What a caller may change
are the fields of `MetricAttack`.
"""

import dataclasses

from keras_reid.attacks.checks import check_settings
from keras_reid.attacks.metric_attack import MetricAttack
from keras_reid.errors import ReIDError

ATTACKS = {
    "fgsm": {"steps": 1, "step_size": None},
    "ifgsm": {},
    "mifgsm": {"momentum": 1.0},
    "pgd": {"random_start": True},
    "odfa": {"guides": "opposite", "metric": "cosine", "random_start": True},
    "sma": {"guides": "own", "random_start": True},
    "fna": {},
    "xent": {"guides": "classes"},
}

# Where preset="reference" changes the row itself; for fna it changes the guides. The released ODFA
# maximises ||f + f_x||^2 from the clean image, where that gradient is not zero.
REFERENCE = {"odfa": {"metric": "l2", "random_start": False}}


def make_attack(name, **settings):
    """Returns the attack `name` of the table, with some settings changed.

    Args:
      name: one of `ATTACKS`: fgsm, ifgsm, mifgsm, pgd, odfa, sma, fna, xent.
      **settings: steps, step_size, momentum, random_start, metric, restarts, preset; see
        `MetricAttack`.

    Raises:
      ReIDError: unknown name or setting, or settings with which the attack is dead (sma or odfa
        without a random start: the gradient is exactly zero at the clean image).

    Source: Bouniot et al. 2020; Goodfellow et al. 2015 (fgsm); Kurakin et al. 2017 (ifgsm); Dong et
    al. 2018 (mifgsm); Madry et al. 2018 (pgd); Zheng et al. 2018 (odfa).
    """
    if name not in ATTACKS:
        raise ReIDError(f"attack {name!r} is unknown; use one of {', '.join(ATTACKS)}")
    allowed = {field.name for field in dataclasses.fields(MetricAttack)} - {"name", "guides"}
    for setting in settings:
        if setting not in allowed:
            raise ReIDError(
                f"attack {name!r} has no setting {setting!r}; it has {', '.join(sorted(allowed))}"
            )
    reference = REFERENCE.get(name, {}) if settings.get("preset") == "reference" else {}
    attack = MetricAttack(name=name, **{**ATTACKS[name], **reference, **settings})
    check_settings(attack)
    return attack
