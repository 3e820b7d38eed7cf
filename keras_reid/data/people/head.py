"""Heads: a face on the front, hair or a hat around it."""

import numpy as np

from keras_reid.data.people.fabrics import Fabric, bump, turn
from keras_reid.data.people.tubes import Tube

CROWN = 0.062  # from the middle of the head to its top, in units of the person's height


def head_tubes(person, pose, bones):
    """Neck, head, and what hangs from it or sits on it."""
    x, y, z = bones.head
    size, turned = person.head, pose.nod
    nx, ny, nz = bones.neck
    yield Tube(
        start=(nx, ny + 0.055, nz + 0.008), end=(nx, ny - 0.005, nz), widths=(0.027, 0.03, 0.036),
        paint=Fabric(tuple(0.88 * np.array(person.skin))), lift=0.145,
    )  # fmt: skip
    yield Tube(
        start=(x, y + 0.022, z), end=(x, y - 0.024, z + 0.006),
        widths=tuple(np.array([0.045, 0.047, 0.044, 0.034]) * size), paint=_face(person, turned),
        flatness=1.15, caps=(0.95, 1.0), lift=0.17,
    )  # fmt: skip
    yield from _HAIR.get(person.hair_style, _nothing)(person, (x, y, z), size)


def _face(person, turned):
    """Skin where the face is, hair above the brow and at the back, eyes and mouth as shadows."""
    skin, hair = np.float32(person.skin), np.float32(person.hair)
    style = person.hair_style
    cloth = style in ("headscarf", "beanie", "cap")
    around = np.float32(person.hat.colour) if cloth else hair
    if style == "bald":
        around = 0.94 * skin
    brow = {"cap": 0.16, "beanie": 0.2, "bald": 0.0}.get(style, 0.06)
    ears = {"short": 1.45, "bald": 1.6, "cap": 1.5, "beanie": 1.4}.get(style, 1.0)

    def paint(azimuth, along, share):
        angle = turn(azimuth, turned)
        front = 1 / (1 + np.exp((np.abs(angle) - ears) * 12))
        # `along` is 0 at the upper third of the head; the face begins a little above it.
        low = 1 / (1 + np.exp((brow * 0.1 - 0.012 - along) * 350))
        face = (front * low)[..., None]
        eyes = bump((along - 0.012) / 0.007) * bump((np.abs(angle) - 0.42) / 0.22)
        mouth = bump((along - 0.043) / 0.005) * bump(angle / 0.35)
        shadow = (1 - 0.5 * eyes - 0.25 * mouth)[..., None]
        nape = 1 / (1 + np.exp((along - 0.056) * 300))[..., None]
        back = around if cloth else nape * around + (1 - nape) * 0.85 * skin
        back = around if style in ("bob", "long", "headscarf", "afro") else back
        return back + face * (skin * shadow - back)

    return paint


def _nothing(person, head, size):
    return ()


def _blob(centre, radius, colour, lift=0.0, flatness=1.0, height=0.4):
    x, y, z = centre
    return Tube(
        start=(x, y + height * radius, z), end=(x, y - height * radius, z),
        widths=(radius * 0.97, radius, radius * 0.93), paint=Fabric(tuple(colour)),
        flatness=flatness, caps=(0.75, 0.75), lift=lift, folds=0.05,
    )  # fmt: skip


def _fall(person, head, size, length, width):
    """Hair down the back: a flat curtain behind the head, seen at its sides from the front."""
    x, y, z = head
    return Tube(
        start=(x, y + 0.03, z - 0.03), end=(x, y - length, z - 0.07),
        widths=(0.046 * size, width, width * 1.04, width * 0.8), paint=Fabric(person.hair),
        flatness=0.55, caps=(0.8, 0.5), folds=0.1, lift=0.145,
    )  # fmt: skip


def _bob(person, head, size):
    yield _fall(person, head, size, 0.06, 0.058 * size)


def _long(person, head, size):
    yield _fall(person, head, size, 0.15, 0.06 * size)


def _ponytail(person, head, size):
    x, y, z = head
    yield Tube(
        start=(x, y + 0.02, z - 0.05), end=(x, y - 0.11, z - 0.075),
        widths=(0.018, 0.024, 0.02, 0.008), paint=Fabric(person.hair), folds=0.08, lift=0.14,
    )  # fmt: skip


def _bun(person, head, size):
    x, y, z = head
    yield _blob((x, y + 0.05, z - 0.035), 0.026, person.hair, lift=0.15)


def _afro(person, head, size):
    x, y, z = head
    yield _blob((x, y + 0.022, z - 0.018), 0.074 * size, person.hair, lift=0.15, height=0.2)


def _cap(person, head, size):
    x, y, z = head
    cloth = person.hat.colour
    yield _dome(head, size, cloth)
    yield Tube(
        start=(x, y + 0.028, z + 0.02), end=(x, y + 0.02, z + 0.092), widths=(0.04, 0.042, 0.034),
        paint=Fabric(tuple(0.85 * np.array(cloth))), flatness=0.3, caps=(0.3, 0.5), lift=0.2,
    )  # fmt: skip


def _beanie(person, head, size):
    yield _dome(head, size, person.hat.colour)


def _dome(head, size, colour):
    x, y, z = head
    return Tube(
        start=(x, y + 0.03, z), end=(x, y + 0.016, z), widths=(0.05 * size, 0.051 * size),
        paint=Fabric(tuple(colour)), flatness=1.12, caps=(0.85, 0.1), lift=0.19,
    )  # fmt: skip


def _headscarf(person, head, size):
    x, y, z = head
    yield Tube(
        start=(x, y - 0.03, z - 0.006), end=(x, y - 0.1, z - 0.006),
        widths=(0.044 * size, 0.062, 0.085), paint=person.hat, flatness=0.75, caps=(0.6, 0.3),
        folds=0.12, lift=0.16,
    )  # fmt: skip


_HAIR = {
    "bob": _bob, "long": _long, "ponytail": _ponytail, "bun": _bun, "afro": _afro, "cap": _cap,
    "beanie": _beanie, "headscarf": _headscarf,
}  # fmt: skip
