"""Who somebody is: all that stays the same from camera to camera."""

import dataclasses

from keras_reid.data.people import wardrobe as clothes
from keras_reid.data.people.fabrics import Fabric, dye
from keras_reid.data.people.seeds import between, pick

SKIN = {
    (0.9, 0.74, 0.64): 4, (0.84, 0.66, 0.53): 4, (0.74, 0.55, 0.41): 3, (0.56, 0.39, 0.28): 2,
    (0.38, 0.26, 0.19): 2,
}  # fmt: skip
HAIR = {
    (0.07, 0.06, 0.06): 8, (0.17, 0.11, 0.08): 6, (0.31, 0.2, 0.12): 4, (0.62, 0.48, 0.27): 3,
    (0.42, 0.17, 0.09): 1.5, (0.6, 0.6, 0.6): 2,
}  # fmt: skip
HAIR_STYLES = {
    "short": 8, "bald": 1.5, "bob": 3, "long": 4, "ponytail": 3, "bun": 1.5, "afro": 1.5,
    "cap": 2.5, "beanie": 1.5, "headscarf": 1.2,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Person:
    """An identity: proportions in units of its height, colours, clothes, what it carries."""

    bulk: float
    shoulders: float
    hips: float
    legs: float  # height of the hip
    head: float
    skin: tuple[float, float, float]
    hair_style: str
    hair: tuple[float, float, float]
    hat: Fabric
    top: clothes.Top
    bottom: clothes.Bottom
    shoes: tuple[float, float, float]
    boots: bool
    scarf: Fabric | None
    bag: clothes.Bag
    swing: float  # habit of walking: how far arms and legs swing
    stoop: float


def draw_person(rng, wardrobe):
    """Draws a person.

    Args:
      rng: the identity's own stream.
      wardrobe: the style's clothes.
    """
    top = clothes.choose_top(rng, wardrobe)
    bulk = float(min(max(1 + 0.14 * rng.standard_normal(), 0.78), 1.4))
    wraps_up = top.kind in ("coat", "puffer", "jacket")
    return Person(
        bulk=bulk,
        shoulders=between(rng, (0.105, 0.13)) * (0.8 + 0.2 * bulk),
        hips=between(rng, (0.083, 0.104)) * (0.6 + 0.4 * bulk),
        legs=between(rng, (0.49, 0.535)),
        head=between(rng, (0.94, 1.1)),
        skin=dye(rng, SKIN, 0.015),
        hair_style=pick(rng, HAIR_STYLES),
        hair=dye(rng, HAIR, 0.015),
        hat=Fabric(dye(rng, clothes.BAGS)),
        top=top,
        bottom=clothes.choose_bottom(rng, wardrobe, top),
        shoes=dye(rng, clothes.SHOES),
        boots=bool(rng.random() < 0.2),
        scarf=Fabric(dye(rng, wardrobe.tops)) if rng.random() < 0.3 * wraps_up else None,
        bag=clothes.choose_bag(rng, wardrobe),
        swing=between(rng, (0.7, 1.2)),
        stoop=between(rng, (-0.02, 0.09)),
    )
