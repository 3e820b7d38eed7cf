"""Which settings go together with a loss or an optimizer by dotted path, and which do not."""

import json

from keras_reid.errors import ReIDError
from trainers import addons, plugin_optimizer, plugins
from trainers.plugin_loss import PluginLoss

# What the trainer decides itself -> how to tell it.
OPTIMIZER_FLAGS = {
    "learning_rate": "--learning_rate",
    "lr": "--learning_rate",
    "weight_decay": "--weight_decay",
    "weight_decay_rate": "--weight_decay",
    "decay": "--decay",
}
# Averages of the weights would need a step after training that nobody here takes.
NOT_HERE = ("use_ema", "ema_momentum", "ema_overwrite_frequency")
BUILT_IN_LOSS_ONLY = ("margin", "triplet_weight")


def check_settings(config):
    """Refuses what has no effect or two meanings."""
    for flag in ("loss", "optimizer"):
        args = getattr(config, f"{flag}_args")
        if args is None:
            continue
        if not plugins.is_path(getattr(config, flag)):
            _refuse(
                f"--{flag}_args are for --{flag}={plugins.FORM}, not for "
                f"--{flag}={getattr(config, flag)}; leave them out"
            )
        _check_plain(f"--{flag}_args", args)
    if "reduction" in (config.loss_args or {}):
        _refuse("--loss_args has a reduction, but the trainer averages itself; leave it out")
    for name in config.optimizer_args or {}:
        if name in OPTIMIZER_FLAGS:
            _refuse(f"--optimizer_args has {name}; say it with {OPTIMIZER_FLAGS[name]}")
        if name in NOT_HERE:
            _refuse(f"--optimizer_args has {name}, but averaged weights are not kept; leave it out")
    if config.identity_weight < 0:
        _refuse(f"--identity_weight must not be negative, but is {config.identity_weight}")
    if not plugins.is_path(config.loss):
        for name in ("loss_unit_length", "identity_weight"):
            if getattr(config, name):
                _refuse(
                    f"--{name} is for --loss={plugins.FORM}, not for --loss={config.loss}; "
                    "leave it out"
                )


def check_given(overrides):
    """Refuses settings of the built-in losses that were given beside a plug-in loss.

    Args:
      overrides: what was given; the configuration has a value from the preset in any case.
    """
    if not plugins.is_path(overrides.get("loss")):
        return
    for name in BUILT_IN_LOSS_ONLY:
        if name in overrides:
            _refuse(
                f"--{name} is of the built-in triplet loss, not of --loss={overrides['loss']}, "
                "whose own arguments go into --loss_args; leave it out"
            )
    if "label_smoothing" in overrides and not overrides.get("identity_weight"):
        _refuse("--label_smoothing is of the identity loss; add --identity_weight or leave it out")


def check_code(config):
    """Tries each plug-in once, so that a wrong path or argument is told before a run begins."""
    if plugins.is_path(config.loss):
        PluginLoss(config.loss, config.loss_args)
    if plugins.is_path(config.optimizer):
        plugin_optimizer.try_out(
            config.optimizer, weight_decay=config.weight_decay, args=config.optimizer_args
        )


def remarks(config):
    """Sentences on what may surprise about a plug-in, without being wrong."""
    path, decay = config.optimizer, config.weight_decay
    if not (plugins.is_path(path) and decay):
        return []
    if not addons.decays_without_rate(plugin_optimizer.find_optimizer(path)):
        return []
    return [
        f"--optimizer={path} takes --weight_decay={decay:g} of the weights off at every step, not "
        f"times the learning rate as Keras does; {decay * config.learning_rate:g} would be alike"
    ]


def _check_plain(flag, args):
    """The arguments are compared with those in config.json when a run is resumed."""
    try:
        same = json.loads(json.dumps(args, allow_nan=False)) == args
    except (TypeError, ValueError):
        same = False
    if not (same and isinstance(args, dict)):
        _refuse(f"{flag} is {args!r}; use a dictionary that JSON can hold")


def _refuse(sentence):
    raise ReIDError(sentence)
