"""The tubes of a dressed person in a pose."""

import numpy as np

from keras_reid.data.people.fabrics import Fabric, bump, turn
from keras_reid.data.people.head import head_tubes
from keras_reid.data.people.luggage import ARM_LIFT, bag_tubes, strap
from keras_reid.data.people.pose import skeleton
from keras_reid.data.people.tubes import Tube


def body_tubes(person, pose):
    """Everything of a person that can be seen, in no particular order."""
    bones = skeleton(person, pose)
    return [
        *_legs(person, bones),
        *_trunk(person, bones),
        *_arms(person, bones),
        *head_tubes(person, pose, bones),
        *bag_tubes(person, bones),
    ]


def between_points(a, b, share):
    """The point that divides a - b."""
    return tuple(p + (q - p) * share for p, q in zip(a, b, strict=True))


def covered(share, cloth, bare):
    """A paint that is `cloth` from the start of a limb to `share` of it, and `bare` beyond."""

    def paint(azimuth, along, where):
        edge = 1 / (1 + np.exp((where - share) * 60))
        inner = cloth(azimuth, along, where)
        return inner + (1 - edge[..., None]) * (bare(azimuth, along, where) - inner)

    return cloth if share >= 0.995 else bare if share <= 0.005 else paint


def _legs(person, bones):
    bottom, thick = person.bottom, 0.75 + 0.25 * person.bulk
    skin = Fabric(person.skin)
    bare = bottom.leg_fabric if bottom.kind == "skirt" and bottom.leg_fabric else skin
    cloth, slack = (bottom.fabric, bottom.slack) if bottom.kind != "skirt" else (bare, 0.0)
    reach = bottom.length if bottom.kind != "skirt" else 0.0
    shoe = Fabric(person.shoes)
    bones_of_legs = zip(bones.hips, bones.knees, bones.ankles, bones.toes, strict=True)
    for hip, knee, ankle, toe in bones_of_legs:
        upper, lower = min(1.0, 2 * reach), max(0.0, 2 * reach - 1)
        loose = slack + 0.004
        yield Tube(
            start=hip,
            end=knee,
            widths=tuple(np.array([0.057, 0.052, 0.044]) * thick + 0.5 * loose),
            paint=covered(upper, cloth, skin),
            folds=0.07,
            crease=hip[0] * 40,
        )
        full = slack + 0.004 if lower > 0.6 else 0.0
        boot = 0.55 if person.boots and lower < 0.6 else 0.9
        shaft = covered(boot, covered(lower, cloth, bare), shoe)
        yield Tube(
            start=knee,
            end=ankle,
            widths=tuple(np.array([0.041, 0.04, 0.031, 0.024]) * thick + full),
            paint=shaft if boot < 0.9 else covered(lower, cloth, bare),
            folds=0.06 if lower > 0 else 0.0,
            crease=ankle[0] * 40 + 2,
        )
        yield Tube(
            start=(ankle[0], max(ankle[1] - 0.02, 0.016), ankle[2] - 0.015),
            end=toe,
            widths=(0.027, 0.03, 0.024),
            paint=shoe,
            caps=(0.9, 0.8),
            lift=0.01,
        )


def _trunk(person, bones):
    top, bottom, bulk = person.top, person.bottom, person.bulk
    puff, (x, y, z) = top.puff, bones.pelvis
    belly = 0.084 * bulk + puff
    shoulders = person.shoulders + 0.5 * puff
    flat = min(0.62 * (0.7 + 0.3 * bulk) + 2 * puff, 0.95)
    neck = (bones.neck[0], bones.neck[1] + 0.012, bones.neck[2])
    waist = (x, y + 0.06, z)
    if bottom.kind != "skirt":
        yield Tube(
            start=waist, end=(x, y - 0.045, z),
            widths=(belly * 0.97, person.hips, person.hips * 0.9), paint=bottom.fabric,
            flatness=0.75, caps=(0.3, 0.6), folds=0.05, lift=0.12,
        )  # fmt: skip
    else:
        hem = y - 0.05 - (bottom.length - 0.25) * person.legs
        flare = person.hips + bottom.slack
        yield Tube(
            start=waist, end=(x, hem, z), widths=(belly, person.hips * 1.03, flare * 0.97, flare),
            paint=bottom.fabric, flatness=1.1, caps=(0.2, 0.12), lift=0.13, folds=0.12,
            crease=3.0,
        )  # fmt: skip
    # Shoulders slope to the neck; below the waist a top hangs over the hips.
    low = (x, y + 0.03 - top.hem, z)
    hang = np.interp(top.hem, (0.03, 0.3), (1.0, 1.12)) * (person.hips + puff)
    yield Tube(
        start=neck, end=low,
        widths=(0.045, 0.8 * shoulders, shoulders, 0.97 * shoulders, 0.9 * shoulders,
                0.5 * (shoulders + belly), belly, belly * 1.02, hang * 0.98, hang),
        paint=strap(person, _front(top)), flatness=flat, caps=(0.3, 0.15), folds=0.09,
        crease=8 * bulk, lift=0.14,
    )  # fmt: skip
    if top.kind == "hoodie" and person.hair_style != "headscarf":
        yield Tube(
            start=(neck[0], neck[1] + 0.005, neck[2] - 0.055),
            end=(neck[0], neck[1] - 0.05, neck[2] - 0.07),
            widths=(0.05, 0.06, 0.035), paint=top.sleeve_fabric, flatness=0.5, lift=0.12,
        )  # fmt: skip
    if person.scarf is not None:
        yield Tube(
            start=(neck[0], neck[1] + 0.022, neck[2]), end=(neck[0], neck[1] - 0.02, neck[2]),
            widths=(0.05, 0.062, 0.058), paint=person.scarf, flatness=0.9, lift=0.16, folds=0.15,
        )  # fmt: skip


def _front(top):
    """The cloth of a top with what an open front lets through, a zip, or a line of buttons."""

    def paint(azimuth, along, share):
        colours = top.fabric(azimuth, along, share)
        if top.opening:
            gap = bump(turn(azimuth, 0.0) / (top.opening * (0.7 + 0.5 * share)))[..., None]
            return colours + gap * (top.inner(azimuth, along, share) - colours)
        if top.kind in ("jacket", "coat", "puffer", "shirt"):
            line = bump(turn(azimuth, 0.0) / 0.07)[..., None]
            return colours * (1 - 0.3 * line)
        return colours

    def quilted(azimuth, along, share):
        return paint(azimuth, along, share) * (0.86 + 0.14 * np.cos(along * 150)[..., None])

    return quilted if top.kind == "puffer" else paint


def _arms(person, bones):
    top, skin = person.top, Fabric(person.skin)
    thick, puff = 0.75 + 0.25 * person.bulk, 0.7 * person.top.puff
    for index in range(2):
        shoulder, elbow, hand = bones.shoulders[index], bones.elbows[index], bones.hands[index]
        upper, lower = min(1.0, 2 * top.sleeve), max(0.0, 2 * top.sleeve - 1)
        loose = 0.006 if 0 < upper < 1 else 0.0
        yield Tube(
            start=shoulder, end=elbow,
            widths=tuple(np.array([0.034, 0.031, 0.027]) * thick + puff + loose),
            paint=covered(upper, top.sleeve_fabric, skin), folds=0.08, crease=2.0 + index,
            lift=ARM_LIFT,
        )  # fmt: skip
        yield Tube(
            start=elbow, end=hand,
            widths=tuple(np.array([0.027, 0.025, 0.019]) * thick + puff * lower),
            paint=covered(lower, top.sleeve_fabric, skin), folds=0.07 if lower else 0.0,
            crease=4.0 + index, lift=ARM_LIFT + 0.005,
        )  # fmt: skip
        yield Tube(
            start=hand, end=between_points(elbow, hand, 1.22), widths=(0.017, 0.02, 0.015),
            paint=skin, lift=ARM_LIFT + 0.005,
        )  # fmt: skip
