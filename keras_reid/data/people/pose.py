"""Where the joints are: one moment of a walk, or of standing about."""

import dataclasses

import numpy as np

from keras_reid.data.people.seeds import between, pick

ARM = (0.17, 0.15)  # upper arm and forearm, in units of the person's height
ANKLE = 0.045


@dataclasses.dataclass(frozen=True)
class Pose:
    """Angles in radians; those of the arms are (left, right)."""

    stride: float  # phase of the walk
    reach: float  # largest swing of a leg
    arms: tuple[float, float]  # forward swing of the upper arms
    elbows: tuple[float, float]
    spread: float  # of the arms away from the body
    nod: float  # the head's turn to the person's right


@dataclasses.dataclass(frozen=True)
class Skeleton:
    """Joints in the body's frame; pairs are (left, right)."""

    hips: tuple
    knees: tuple
    ankles: tuple
    toes: tuple
    shoulders: tuple
    elbows: tuple
    hands: tuple
    pelvis: tuple
    neck: tuple
    head: tuple


def draw_pose(rng, person):
    """Draws a moment: walking, standing, a hand in a pocket, a hand with a telephone."""
    manner = pick(rng, {"walk": 10, "stand": 2.5, "pocket": 2, "phone": 1.5})
    stride = between(rng, (0, 2 * np.pi))
    reach = between(rng, (0.3, 0.52)) * person.swing
    reach *= 0.15 if manner == "stand" else 1.0
    swing = 0.9 * reach * np.sin(stride)
    arms, elbows = [swing, -swing], [between(rng, (0.1, 0.5)) for _ in range(2)]
    side = int(rng.integers(2))
    carrying = person.bag.kind in ("handbag", "carrier", "case")
    if carrying:
        hand = 0 if person.bag.side < 0 else 1
        arms[hand], elbows[hand] = 0.25 * arms[hand], 0.08
        side = 1 - hand
    if manner == "pocket":
        arms[side], elbows[side] = -0.25, 0.75
    if manner == "phone":
        arms[side], elbows[side] = between(rng, (0.2, 0.6)), between(rng, (1.5, 2.2))
    return Pose(
        stride=stride,
        reach=reach,
        arms=tuple(arms),
        elbows=tuple(elbows),
        spread=between(rng, (0.05, 0.17)),
        nod=0.35 * float(rng.standard_normal()),
    )


def skeleton(person, pose):
    """The joints of a person in a pose; the ground is y = 0."""
    lift = 0.012 * np.cos(2 * pose.stride)
    hip = person.legs + lift
    thigh = shin = (person.legs - ANKLE) / 2
    hips, knees, ankles, toes = [], [], [], []
    for x, phase in ((-1, pose.stride), (1, pose.stride + np.pi)):
        forward = pose.reach * np.sin(phase)
        bend = 0.08 + 1.1 * pose.reach * max(0.0, np.cos(phase)) ** 2 + 0.3 * max(0.0, -forward)
        hips.append((x * 0.052, hip, 0.0))
        knees.append(_swing(hips[-1], thigh, forward + 0.25 * bend, x * 0.006))
        ankles.append(_swing(knees[-1], shin, forward - 0.75 * bend, x * 0.004))
        heel = ankles[-1]
        height = max(heel[1] - 0.028 - 0.03 * bend, 0.012)
        toes.append((heel[0] + x * 0.018, height, heel[2] + 0.085))
    lean = person.stoop + 0.05 * pose.reach
    waist = np.array([0.0, hip, 0.0])
    neck = waist + [0.0, 0.84 - person.legs, np.sin(lean) * 0.32]
    head = neck + [0.0, 0.078, 0.02 + 0.03 * person.stoop]
    shoulders, elbows, hands = [], [], []
    for index, x in enumerate((-1, 1)):
        shoulder = neck + [x * (person.shoulders - 0.02), -0.05, 0.0]
        out = x * (pose.spread + 0.25 * (person.bulk - 1)) * ARM[0]
        elbow = _swing(shoulder, ARM[0], pose.arms[index], out)
        inward = -0.3 * out if pose.elbows[index] < 1 else -2.0 * out
        shoulders.append(tuple(shoulder))
        elbows.append(elbow)
        hands.append(_swing(elbow, ARM[1], pose.arms[index] + pose.elbows[index], inward))
    return Skeleton(
        hips=tuple(hips), knees=tuple(knees), ankles=tuple(ankles), toes=tuple(toes),
        shoulders=tuple(shoulders), elbows=tuple(elbows), hands=tuple(hands),
        pelvis=tuple(waist), neck=tuple(neck), head=tuple(head),
    )  # fmt: skip


def _swing(joint, length, angle, sideways):
    """The far end of a bone that hangs from `joint`, swung forward by `angle`."""
    x, y, z = joint
    return (x + sideways, y - length * float(np.cos(angle)), z + length * float(np.sin(angle)))
