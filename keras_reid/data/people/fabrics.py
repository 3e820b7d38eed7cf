"""Cloth: a colour for each place on the body, soft edged, so that it shrinks without moire."""

import dataclasses

import numpy as np

from keras_reid.data.people.seeds import between, pick

PATTERNS = {
    "plain": 16, "heather": 6, "stripes": 4, "pinstripes": 2, "checks": 3, "dots": 2, "blocks": 4,
    "gradient": 2, "print": 4, "badge": 3, "band": 3, "camouflage": 1.5,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Fabric:
    """A pattern in one or two colours. Called with a place on the body it answers with a colour."""

    colour: tuple[float, float, float]
    pattern: str = "plain"
    second: tuple[float, float, float] = (0.5, 0.5, 0.5)
    pitch: float = 0.05  # size of the repeat, in units of the person's height
    phase: float = 0.0

    def __call__(self, azimuth, along, share):
        """[...] places -> [..., 3] colours in [0, 1], or [3] where all are alike."""
        base = np.asarray(self.colour, np.float32)
        if self.pattern == "plain":
            return base
        mix = MIXES[self.pattern](self, azimuth, along, share).astype(np.float32)[..., None]
        return base + mix * (np.asarray(self.second, np.float32) - base)


def wave(x):
    """A square wave of period 1 with soft edges, in [0, 1]."""
    return 0.5 + 0.5 * np.tanh(3.0 * np.sin(2 * np.pi * x))


def bump(x):
    """1 for |x| < 1, 0 beyond, with soft edges."""
    return 1 / (1 + np.clip(np.abs(x), 0, 4) ** 8)


def turn(azimuth, centre):
    """The angle from `centre`, in (-pi, pi]."""
    return (azimuth - centre + np.pi) % (2 * np.pi) - np.pi


def _around(fabric, azimuth):
    """Repeats around the body: a whole number, so that no seam shows."""
    return azimuth / (2 * np.pi) * max(3, round(0.55 / fabric.pitch))


def _stripes(fabric, azimuth, along, share):
    return wave(along / fabric.pitch + fabric.phase) + 0 * azimuth


def _pinstripes(fabric, azimuth, along, share):
    return wave(_around(fabric, azimuth) + fabric.phase) + 0 * along


def _checks(fabric, azimuth, along, share):
    return 0.5 * (_stripes(fabric, azimuth, along, share)
                  + _pinstripes(fabric, azimuth, along, share))  # fmt: skip


def _dots(fabric, azimuth, along, share):
    round_ = np.cos(2 * np.pi * _around(fabric, azimuth))
    upright = np.cos(2 * np.pi * (along / fabric.pitch + fabric.phase))
    return 1 / (1 + np.exp(-5 * (round_ + upright - 0.5)))


def _blocks(fabric, azimuth, along, share):
    return 1 / (1 + np.exp((share - 0.32 - 0.25 * fabric.phase) * 40)) + 0 * azimuth


def _gradient(fabric, azimuth, along, share):
    return np.clip(1.3 * share - 0.1, 0, 1) + 0 * azimuth


def _print(fabric, azimuth, along, share):
    face = bump(turn(azimuth, 0.0) / 0.62) * bump((share - 0.42) / 0.16)
    inner = 0.65 + 0.35 * np.cos(9 * azimuth + 30 * share + 6.28 * fabric.phase)
    return face * inner


def _badge(fabric, azimuth, along, share):
    chest = bump(turn(azimuth, -0.45) / 0.2) * bump((share - 0.3) / 0.06)
    back = bump(turn(azimuth, np.pi) / 0.75) * bump((share - 0.33) / 0.09)
    return np.maximum(chest, back)


def _band(fabric, azimuth, along, share):
    return bump((share - 0.3 - 0.25 * fabric.phase) / 0.1) + 0 * azimuth


def _clouds(fabric, azimuth, along, share):
    along = along / fabric.pitch
    total = np.sin(2 * azimuth + 3.1 * along + 6.28 * fabric.phase)
    total += np.sin(-3 * azimuth + 4.7 * along + 1.7)
    return total + np.sin(5 * azimuth + 2.2 * along + 9 * fabric.phase)


def _camouflage(fabric, azimuth, along, share):
    return 1 / (1 + np.exp(-4 * _clouds(fabric, azimuth, along, share)))


def _heather(fabric, azimuth, along, share):
    fine = np.sin(31 * azimuth + 260 * along) * np.sin(17 * azimuth - 190 * along + fabric.phase)
    return 0.16 + 0.12 * fine


MIXES = {
    "stripes": _stripes, "pinstripes": _pinstripes, "checks": _checks, "dots": _dots,
    "blocks": _blocks, "gradient": _gradient, "print": _print, "badge": _badge, "band": _band,
    "camouflage": _camouflage, "heather": _heather,
}  # fmt: skip


def weave(rng, palette, patterns=PATTERNS):
    """Draws a fabric from a {colour: weight} palette; its second colour stands off the first."""
    colour = dye(rng, palette)
    candidates = [dye(rng, palette) for _ in range(4)] + [(0.93, 0.92, 0.9)]
    second = max(candidates, key=lambda other: np.abs(np.subtract(other, colour)).sum())
    pattern = pick(rng, patterns)
    return Fabric(
        colour=colour,
        pattern=pattern,
        second=second,
        pitch=between(rng, (0.035, 0.085)),
        phase=float(rng.random()),
    )


def dye(rng, palette, spread=0.035):
    """One colour of a {colour: weight} palette, a little off: no two shirts are of one batch."""
    colour = np.array(pick(rng, palette))
    colour = colour * (1 + 0.12 * rng.standard_normal()) + spread * rng.standard_normal(3)
    return tuple(float(value) for value in np.clip(colour, 0.03, 0.95))
