"""Bags: on the back, across the chest, in the hand; seen or hidden as their bearer turns."""

import numpy as np

from keras_reid.data.people.fabrics import Fabric, bump, turn
from keras_reid.data.people.tubes import Tube

ARM_LIFT = 0.15  # arms, and what they carry, show in front of coats and skirts


def bag_tubes(person, bones):
    """The tubes of what a person carries."""
    return _BAGS.get(person.bag.kind, _nothing)(person, bones)


def strap(person, cloth):
    """`cloth` of the trunk with the straps of the bag over it."""
    bag = person.bag
    if bag.kind not in ("backpack", "satchel"):
        return cloth
    colour = 0.8 * np.float32(bag.fabric.colour)

    def paint(azimuth, along, share):
        if bag.kind == "backpack":
            band = bump((np.abs(turn(azimuth, 0.0)) - 0.75) / 0.17) * (share < 0.55)
        else:  # across the chest, from one shoulder to the other hip
            slope = bag.side * 1.9 * (share - 0.42)
            front = bump((turn(azimuth, 0.0) - slope) / 0.17)
            band = front + bump((turn(azimuth, np.pi) + slope) / 0.17)
        band = np.clip(band, 0, 1)[..., None]
        colours = cloth(azimuth, along, share)
        return colours + band * (colour - colours)

    return paint


def _nothing(person, bones):
    return ()


def _hand(person, bones):
    return bones.hands[0 if person.bag.side < 0 else 1]


def _backpack(person, bones):
    x, y, z = bones.neck
    size, bag = person.bag.size, person.bag
    back = z - 0.055 - 0.03 * person.bulk - person.top.puff
    yield Tube(
        start=(x, y - 0.035, back - 0.01), end=(x, y - 0.05 - 0.2 * size, back - 0.025),
        widths=tuple(np.array([0.06, 0.078, 0.084, 0.086, 0.08]) * size), paint=bag.fabric,
        flatness=0.62, caps=(0.5, 0.3), folds=0.05, lift=0.1,
    )  # fmt: skip
    yield Tube(
        start=(x, y - 0.14 * size - 0.03, back - 0.062),
        end=(x, y - 0.05 - 0.185 * size, back - 0.068),
        widths=tuple(np.array([0.055, 0.06, 0.056]) * size),
        paint=Fabric(tuple(0.8 * np.array(bag.fabric.colour))), flatness=0.3, caps=(0.3, 0.3),
        lift=0.1,
    )  # fmt: skip


def _satchel(person, bones):
    x, y, z = bones.pelvis
    size, side = person.bag.size, person.bag.side
    yield Tube(
        start=(x + side * (person.hips + 0.02), y + 0.045, z - 0.015),
        end=(x + side * (person.hips + 0.035), y + 0.045 - 0.11 * size, z - 0.02),
        widths=tuple(np.array([0.045, 0.05, 0.048]) * size), paint=person.bag.fabric, flatness=1.6,
        caps=(0.2, 0.3), lift=ARM_LIFT,
    )  # fmt: skip


def _hung(person, bones, drop, height, widths, flatness, handle):
    x, y, z = _hand(person, bones)
    size = person.bag.size
    yield Tube(
        start=(x, y - 0.01, z), end=(x, y - drop, z), widths=handle, paint=person.bag.fabric,
        flatness=flatness, caps=(0.5, 0.0), lift=ARM_LIFT,
    )  # fmt: skip
    yield Tube(
        start=(x, y - drop, z), end=(x, y - drop - height * size, z),
        widths=tuple(np.array(widths) * size), paint=person.bag.fabric, flatness=flatness,
        caps=(0.2, 0.25), folds=0.05, lift=ARM_LIFT + 0.01,
    )  # fmt: skip


def _handbag(person, bones):
    return _hung(person, bones, 0.06, 0.085, (0.03, 0.045, 0.05), 1.5, (0.008, 0.02))


def _carrier(person, bones):
    return _hung(person, bones, 0.045, 0.15, (0.042, 0.055, 0.054), 1.2, (0.006, 0.03))


def _case(person, bones):
    return _hung(person, bones, 0.025, 0.11, (0.035, 0.036, 0.036), 2.4, (0.02, 0.02))


_BAGS = {
    "backpack": _backpack, "satchel": _satchel, "handbag": _handbag, "carrier": _carrier,
    "case": _case,
}  # fmt: skip
