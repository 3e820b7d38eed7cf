"""Sets of settings to start from, and what is decided when a setting is left open."""

import dataclasses

from keras_reid.attacks import ATTACKS
from trainers.embedder import PRESETS as EMBEDDER_PRESETS
from trainers.embedder import EmbedderConfig
from trainers.embedder import resolve as resolve_embedder
from trainers.goat.config import AUTO, GoatConfig, takes_guides

# What the released code does, on top of a published training; docs/decisions/0007-goat.md.
RELEASED = {
    "eps_space": "normalised",
    "pull": "batch_with_own",
    "attack_batch_norm": "released",
}
PRESETS = (*EMBEDDER_PRESETS, "reference")


def resolve(preset=None, **overrides):
    """The preset with some settings replaced, and everything automatic decided.

    Args:
      preset: one of `PRESETS`: the embedder's, or "reference": the published training of the loss,
        defended as the released code does; None: the published one for the loss.
    """
    ours = {field.name for field in dataclasses.fields(GoatConfig)}
    ours -= {field.name for field in dataclasses.fields(EmbedderConfig)}
    given = {name: value for name, value in overrides.items() if name in ours}
    rest = {name: value for name, value in overrides.items() if name not in ours}
    defence = given
    if preset == "reference":
        preset, defence = None, {**RELEASED, **given}
    defence = {**defence, **_decided(defence)}
    base = resolve_embedder(preset, **rest)
    settings = {field.name: getattr(base, field.name) for field in dataclasses.fields(base)}
    return GoatConfig(**settings, **defence)


def _decided(defence):
    """The inner attack and its numbers of guides, where they were left open."""
    attack = defence.get("attack", AUTO)
    if attack == AUTO:
        guides = [defence.get(name, getattr(GoatConfig, name)) for name in ("n_push", "n_pull")]
        return {"attack": "pgd" if any(guides) else "sma"}
    if attack in ATTACKS and not takes_guides(attack):
        return {name: defence.get(name, 0) for name in ("n_push", "n_pull")}
    return {}
