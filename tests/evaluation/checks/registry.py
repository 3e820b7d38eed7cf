"""Every proof: a way to be wrong, built for real, and the verdicts that have to turn."""

import dataclasses
from collections.abc import Callable

PROOFS = []


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """build: (Bench, monkeypatch) -> Evidence. turned: {name of a check: its verdict}."""

    build: Callable
    turned: dict

    @property
    def alone(self):
        """The check that turns while all others pass; None where several turn."""
        return next(iter(self.turned)) if len(self.turned) == 1 else None


def turns(*names, warns=()):
    """Registers a builder of wrong evidence: `names` fail, `warns` warn, all others pass."""

    def register(build):
        turned = dict.fromkeys(names, "fail") | dict.fromkeys(warns, "warn")
        PROOFS.append(Proof(build=build, turned=turned))
        return build

    return register
