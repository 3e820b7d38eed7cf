"""What people wear and carry: garments as data, and the chances of each in a style."""

import dataclasses

from keras_reid.data.people.fabrics import PATTERNS, Fabric, dye, weave
from keras_reid.data.people.seeds import between, pick

BLACK = (0.09, 0.09, 0.1)
CHARCOAL = (0.22, 0.23, 0.25)
GREY = (0.45, 0.46, 0.47)
SILVER = (0.68, 0.68, 0.68)
WHITE = (0.9, 0.9, 0.89)
CREAM = (0.88, 0.83, 0.7)
BEIGE = (0.7, 0.6, 0.45)
BROWN = (0.36, 0.24, 0.16)
NAVY = (0.11, 0.15, 0.29)
BLUE = (0.15, 0.3, 0.62)
SKY = (0.5, 0.68, 0.87)
TEAL = (0.1, 0.45, 0.47)
DENIM = (0.22, 0.3, 0.44)
PALE_DENIM = (0.47, 0.56, 0.68)
RED = (0.74, 0.13, 0.14)
WINE = (0.4, 0.1, 0.17)
ORANGE = (0.87, 0.45, 0.14)
YELLOW = (0.89, 0.76, 0.2)
GREEN = (0.14, 0.45, 0.22)
OLIVE = (0.36, 0.37, 0.2)
MINT = (0.58, 0.8, 0.68)
PINK = (0.88, 0.5, 0.6)
PURPLE = (0.4, 0.2, 0.5)
LILAC = (0.7, 0.62, 0.83)

STREET_TOPS = {
    BLACK: 7, CHARCOAL: 4, GREY: 5, WHITE: 7, NAVY: 6, BLUE: 5, SKY: 4, RED: 6, WINE: 3, BEIGE: 3,
    BROWN: 3, OLIVE: 4, GREEN: 4, YELLOW: 3, ORANGE: 3, PINK: 4, PURPLE: 3, TEAL: 3, SILVER: 3,
}  # fmt: skip
MALL_TOPS = {
    WHITE: 8, CREAM: 7, BEIGE: 5, PINK: 6, LILAC: 5, MINT: 5, SKY: 6, BLACK: 6, GREY: 4, RED: 5,
    NAVY: 4, YELLOW: 4, ORANGE: 4, TEAL: 4, PURPLE: 4, GREEN: 3, WINE: 3, BROWN: 3,
}  # fmt: skip
BOTTOMS = {
    DENIM: 9, PALE_DENIM: 4, BLACK: 9, CHARCOAL: 5, NAVY: 5, GREY: 4, BEIGE: 5, OLIVE: 3, BROWN: 3,
    WHITE: 2, WINE: 1.5, RED: 1,
}  # fmt: skip
BAGS = {
    BLACK: 7, BROWN: 4, NAVY: 3, RED: 3, BEIGE: 3, OLIVE: 2, GREY: 3, PINK: 2, YELLOW: 1.5, TEAL: 2,
    WHITE: 2,
}  # fmt: skip
SHOES = {BLACK: 8, WHITE: 6, BROWN: 4, GREY: 3, RED: 2, BLUE: 2, BEIGE: 2}
LEG_PATTERNS = {"plain": 15, "heather": 5, "checks": 1, "pinstripes": 1.5}
SKIRT_PATTERNS = {"plain": 5, "dots": 2, "checks": 2, "stripes": 2, "camouflage": 1, "gradient": 1}


@dataclasses.dataclass(frozen=True)
class Top:
    """A garment of the upper body; `hem` is how far below the waist it reaches."""

    kind: str
    fabric: Fabric
    sleeve: float  # share of the arm that is covered
    sleeve_fabric: Fabric
    hem: float
    opening: float  # half-angle at the front through which `inner` shows
    inner: Fabric
    puff: float  # thickness added all around


@dataclasses.dataclass(frozen=True)
class Bottom:
    """Trousers, shorts, or a skirt over legs of `leg_fabric` (None: bare)."""

    kind: str
    fabric: Fabric
    length: float  # share of the leg that is covered
    slack: float  # width of a trouser leg, or flare of a skirt
    leg_fabric: Fabric | None


@dataclasses.dataclass(frozen=True)
class Bag:
    """What somebody carries: a kind of "none", and on which side (1 is the right hand)."""

    kind: str
    fabric: Fabric
    side: int
    size: float


@dataclasses.dataclass(frozen=True)
class TopKind:
    """The range of one kind of top."""

    sleeves: tuple[float, float]
    hems: tuple[float, float]
    open_chance: float
    puff: tuple[float, float]


TOP_KINDS = {
    "t-shirt": TopKind((0.36, 0.46), (0.05, 0.09), 0.0, (0.0, 0.004)),
    "vest": TopKind((0.0, 0.02), (0.04, 0.08), 0.0, (0.0, 0.003)),
    "shirt": TopKind((0.55, 0.98), (0.05, 0.1), 0.2, (0.002, 0.006)),
    "jumper": TopKind((0.92, 1.0), (0.05, 0.08), 0.0, (0.004, 0.01)),
    "hoodie": TopKind((0.95, 1.0), (0.05, 0.08), 0.25, (0.006, 0.012)),
    "jacket": TopKind((0.97, 1.0), (0.03, 0.09), 0.3, (0.007, 0.015)),
    "puffer": TopKind((0.97, 1.0), (0.06, 0.1), 0.2, (0.015, 0.024)),
    "coat": TopKind((0.97, 1.0), (0.16, 0.3), 0.3, (0.006, 0.014)),
    "dress": TopKind((0.05, 0.9), (0.04, 0.06), 0.0, (0.0, 0.003)),
}


@dataclasses.dataclass(frozen=True)
class Wardrobe:
    """The chances of one place and season."""

    tops: dict
    bottoms: dict
    top_kinds: dict
    bottom_kinds: dict
    bag_kinds: dict


STREET = Wardrobe(
    tops=STREET_TOPS,
    bottoms=BOTTOMS,
    top_kinds={
        "t-shirt": 7, "vest": 1, "shirt": 4, "jumper": 4, "hoodie": 4, "jacket": 5, "puffer": 2,
        "coat": 3, "dress": 2,
    },
    bottom_kinds={"trousers": 11, "shorts": 4, "skirt": 2.5},
    bag_kinds={
        "none": 7, "backpack": 6, "satchel": 4, "handbag": 3, "carrier": 2, "case": 1.5,
    },
)  # fmt: skip
MALL = Wardrobe(
    tops=MALL_TOPS,
    bottoms=BOTTOMS,
    top_kinds={
        "t-shirt": 8, "vest": 2, "shirt": 5, "jumper": 3, "hoodie": 3, "jacket": 3, "dress": 4,
    },
    bottom_kinds={"trousers": 9, "shorts": 4, "skirt": 4},
    bag_kinds={
        "none": 4, "backpack": 3, "satchel": 4, "handbag": 4, "carrier": 6, "case": 0.5,
    },
)  # fmt: skip


def choose_top(rng, wardrobe):
    """Draws a garment of the upper body."""
    name = pick(rng, wardrobe.top_kinds)
    kind = TOP_KINDS[name]
    plainer = PATTERNS if kind.puff[1] < 0.01 else {**PATTERNS, "plain": 24, "dots": 0, "print": 1}
    fabric = weave(rng, wardrobe.tops, plainer)
    contrast = dataclasses.replace(fabric, pattern="plain", colour=fabric.second)
    # A print belongs on a chest, not on an arm.
    own = {"print", "badge", "band", "blocks", "gradient"}
    plain = dataclasses.replace(fabric, pattern="plain") if fabric.pattern in own else fabric
    return Top(
        kind=name,
        fabric=fabric,
        sleeve=between(rng, kind.sleeves),
        sleeve_fabric=contrast if rng.random() < 0.14 else plain,
        hem=between(rng, kind.hems),
        opening=between(rng, (0.16, 0.5)) if rng.random() < kind.open_chance else 0.0,
        inner=weave(rng, wardrobe.tops),
        puff=between(rng, kind.puff),
    )


def choose_bottom(rng, wardrobe, top):
    """Draws what goes with the top; a dress brings its own skirt."""
    kind = "skirt" if top.kind == "dress" else pick(rng, wardrobe.bottom_kinds)
    patterns = SKIRT_PATTERNS if kind == "skirt" else LEG_PATTERNS
    fabric = weave(rng, wardrobe.bottoms, patterns)
    if top.kind == "dress":
        fabric = dataclasses.replace(top.fabric, phase=top.fabric.phase + 0.3)
    lengths = {"trousers": (0.9, 1.0), "shorts": (0.36, 0.56), "skirt": (0.4, 0.85)}[kind]
    tights = Fabric(dye(rng, {BLACK: 4, CHARCOAL: 1, NAVY: 1, BROWN: 1}))
    return Bottom(
        kind=kind,
        fabric=fabric,
        length=between(rng, lengths),
        slack=between(rng, (0.0, 0.014) if kind != "skirt" else (0.015, 0.07)),
        leg_fabric=tights if rng.random() < 0.4 else None,
    )


def choose_bag(rng, wardrobe):
    """Draws what is carried, or that nothing is."""
    return Bag(
        kind=pick(rng, wardrobe.bag_kinds),
        fabric=weave(rng, BAGS, {"plain": 6, "blocks": 3, "stripes": 1, "badge": 2}),
        side=1 if rng.random() < 0.5 else -1,
        size=between(rng, (0.75, 1.2)),
    )
