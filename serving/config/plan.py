"""How many replicas a load needs, from figures that were measured on one."""

import dataclasses
import math

from serving.errors import BadRequest

UTILISATION = 0.6


@dataclasses.dataclass(frozen=True, kw_only=True)
class Load:
    """Traffic of one kind.

    per_second: requests, or images, a second at the peak.
    capacity: the same of one replica at its limit, measured with that kind alone.
    """

    per_second: float
    capacity: float

    def __post_init__(self):
        if not (math.isfinite(self.per_second) and self.per_second >= 0):
            raise BadRequest(f"a load of {self.per_second} a second is none; say 0 or more")
        if self.per_second and not (math.isfinite(self.capacity) and self.capacity > 0):
            raise BadRequest(
                f"a replica that does {self.capacity} a second serves nobody; measure it: "
                "docs/production.md says how"
            )

    @property
    def busy(self):
        """Replicas kept fully busy, a fraction as a rule."""
        return self.per_second / self.capacity if self.per_second else 0.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Replicas if attacks share the deployment of the embeddings, and if they have their own."""

    shared: int
    embed: int
    attack: int

    @property
    def separate(self):
        return self.embed + self.attack


def plan(embed, attack, *, utilisation=UTILISATION, spare=1):
    """The Plan for two Loads.

    Args:
      embed, attack: Load each.
      utilisation: share of the time that a replica may be busy, in (0, 1]. A queue grows as
        u / (1 - u): at 0.6 a request waits about 1.5 times its own time, at 0.9 nine times.
      spare: replicas more than that, for one that fails or is being replaced.
    """
    if not 0 < utilisation <= 1:
        raise BadRequest(f"--utilisation {utilisation} must be above 0 and at most 1")
    if spare < 0:
        raise BadRequest(f"--spare {spare} must be 0 or more")

    def replicas(busy):
        return math.ceil(round(busy / utilisation, 9)) + spare if busy else 0

    return Plan(
        shared=replicas(embed.busy + attack.busy),
        embed=replicas(embed.busy),
        attack=replicas(attack.busy),
    )


def table(embed, attack, utilisation, spare):
    """The plan in lines, with the figures that it was made from."""
    made = plan(embed, attack, utilisation=utilisation, spare=spare)
    rows = [("", "a second", "one replica", "busy replicas")]
    rows += [
        (name, f"{load.per_second:g}", f"{load.capacity:g}", f"{load.busy:.2f}")
        for name, load in (("embed", embed), ("attack", attack))
    ]
    lines = [f"{a:<8}{b:>10}{c:>13}{d:>15}" for a, b, c, d in rows]
    return [
        *lines,
        f"at most {utilisation:.0%} busy, {spare} spare in each deployment:",
        f"one deployment for both       {made.shared} replicas; an embedding waits for attacks",
        f"a deployment for each         {made.embed} + {made.attack} = {made.separate} replicas",
    ]
