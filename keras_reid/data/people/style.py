"""Styles: two places that differ in cameras, backgrounds and clothes, for transfer."""

import dataclasses
from collections.abc import Callable

from keras_reid.data.people import wardrobe
from keras_reid.data.people.camera import CameraKind
from keras_reid.data.people.mall import mall
from keras_reid.data.people.street import street


@dataclasses.dataclass(frozen=True)
class Style:
    """Where the pictures are taken."""

    wardrobe: wardrobe.Wardrobe
    cameras: CameraKind
    scene: Callable  # (rng, camera) -> Scene
    obstacles: dict  # {kind: weight} of what stands in front of people


STYLES = {
    "street": Style(
        wardrobe=wardrobe.STREET,
        cameras=CameraKind(
            pitches=(0.1, 0.36),
            warmth=0.05,
            gains=(0.97, 1.22),
            saturations=(0.78, 1.1),
            gammas=(0.88, 1.08),
            lifts=(0.0, 0.06),
            blurs=(0.3, 0.8),
            resolutions=(0.75, 1.0),
            grains=(0.007, 0.022),
            ambients=(0.42, 0.68),
            shadows=(0.15, 0.5),
        ),
        scene=street,
        obstacles={"passer-by": 4, "bush": 2, "post": 3, "car": 3},
    ),
    "mall": Style(
        wardrobe=wardrobe.MALL,
        cameras=CameraKind(
            pitches=(0.22, 0.5),
            warmth=0.06,
            gains=(0.9, 1.25),
            saturations=(0.7, 1.15),
            gammas=(0.75, 1.05),
            lifts=(0.02, 0.08),
            blurs=(0.3, 0.8),
            resolutions=(0.7, 1.0),
            grains=(0.01, 0.026),
            ambients=(0.6, 0.8),
            shadows=(0.08, 0.25),
        ),
        scene=mall,
        obstacles={"passer-by": 5, "bush": 1, "post": 2, "trolley": 3},
    ),
}
