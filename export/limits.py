"""Ceilings as constants of the exported graph: the server's owner decides, not the client."""

import dataclasses
import math

from keras_reid.errors import ReIDError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may ask for.

    epsilon: largest radius, in [0, 1].
    steps: most steps of an iterative attack.
    batch: most images in one request. An assertion in the unbatched encoded servable; in the main
      one, where a server merges requests and an assertion would fail strangers too, `describe`
      tells it, our client keeps to it, and a server's max_batch_size should be set to it.
    encoded_bytes: longest JPEG or PNG, in bytes.
    encoded_pixels: most pixels of a JPEG or PNG; few bytes can stand for very many.
    pixels: most pixels of an image that attack_misrank may change; 0: all of them.
    push, pull: guides per image, the fixed width of the guide inputs.
    """

    epsilon: float = 16 / 255
    steps: int = 50
    batch: int = 64
    encoded_bytes: int = 4 * 2**20
    encoded_pixels: int = 16 * 2**20
    pixels: int = 0
    push: int = 8
    pull: int = 8

    def __post_init__(self):
        if not (math.isfinite(self.epsilon) and 0 <= self.epsilon <= 1):
            raise ReIDError(
                f"the ceiling of epsilon must lie in [0, 1] (255/255), not {self.epsilon}"
            )
        if self.pixels < 0:
            raise ReIDError(f"the ceiling of pixels must not be negative, and is {self.pixels}")
        for name in ("steps", "batch", "encoded_bytes", "encoded_pixels", "push", "pull"):
            if getattr(self, name) < 1:
                raise ReIDError(
                    f"the ceiling of {name} must be at least 1, not {getattr(self, name)}"
                )
