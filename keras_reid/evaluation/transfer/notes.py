"""What a reader of a transfer evaluation has to know about single victims and generators."""

from keras_reid.evaluation.checks.baselines import CHANCE_WARN
from keras_reid.evaluation.transfer.plan import UNKNOWN, is_own, says_all


def resized(generators, targets, cells):
    """Victims that are shown images of another size than they were made at."""
    for index, target in enumerate(targets):
        makers = {c["generator"] for c in cells if c["victim"] == index and c["resized"]}
        if makers:
            height, width = target.victim.input_size
            yield (
                f"{target.victim.source} takes crops of {height}x{width}: the images of "
                f"{', '.join(generators[place].source for place in sorted(makers))}, and the "
                "noise beside them, are made at the generator's size and resized to it, which "
                "alone may change figures; clean figures are of crops at its own size"
            )


def unknown_kin(generators, targets):
    """Generators and victims of which it is not known how they are related."""
    for generator in generators:
        if not says_all(generator):
            yield f"the folder of {generator.source} does not say what it was trained on"
    for target in targets:
        victim = target.victim
        strangers = [g.source for g in generators if says_all(g) and is_own(g, victim) is None]
        if strangers:
            yield (
                f"{victim.source} does not say which weights it holds, so it is not known whether "
                f"{' or '.join(strangers)} was trained against them; give the workdir or the "
                ".keras file that it was made from instead"
            )


def without_curve(generators, cells, curves):
    """Generators whose own victim is not there."""
    drawn = {curve["generator"] for curve in curves}
    for index, generator in enumerate(generators):
        kinds = {c["kinship"] for c in cells if c["generator"] == index}
        if UNKNOWN not in kinds and index not in drawn:
            yield (
                f"{generator.source} was trained against {generator.trained_on.get('victim')}, "
                "which is not among the victims on that data, so it has no curve over pixels"
            )


def nothing_to_lose(targets, clean):
    """Victims that hardly know anybody: what an attack leaves of them means nothing."""
    for row, found in zip(targets, clean, strict=True):
        for target, known in zip(row, found, strict=True):
            chance = target.chance.mean_ap
            if known["mean_ap"] <= CHANCE_WARN * chance:
                yield (
                    f"{target.victim.source} reaches {100 * known['mean_ap']:.1f} % mAP on "
                    f"{target.dataset.root} without attack and a random ranking "
                    f"{100 * chance:.1f} %: it has nothing to lose"
                )
