"""How much an evaluation measures where the flags do not say: a look, or a report."""

QUICK = {
    "attacks": ["fgsm", "sma", "fna"],
    "epsilons_255": ["0", "2", "5", "8", "16"],
    "steps": 15,
    "restarts": 1,
    "seeds": 1,
    "black_box": [],
}
FULL = {
    "attacks": ["fgsm", "ifgsm", "mifgsm", "pgd", "odfa", "sma", "fna"],
    "epsilons_255": ["0", "1", "2", "3", "4", "5", "8", "12", "16"],
    "steps": 50,
    "restarts": 3,
    "seeds": 3,
    "black_box": ["spsa", "nes"],
}
PRESETS = {"quick": QUICK, "full": FULL}


def resolved(preset, given):
    """The settings of a preset, with those that were given (not None) in their place."""
    chosen = {name: value for name, value in given.items() if value is not None}
    return {**PRESETS[preset], **chosen}
