"""Ceilings as constants of the exported graph: the server's owner decides, not the client."""

import dataclasses
import math

from keras_reid.errors import ReIDError


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may ask for.

    epsilon: largest radius, in [0, 1].
    steps: most steps of an iterative attack.
    batch: most images in one request (told to clients by `describe`, enforced by the server).
    encoded_bytes: longest JPEG or PNG, in bytes.
    push, pull: guides per image, the fixed width of the guide inputs.
    """

    epsilon: float = 16 / 255
    steps: int = 50
    batch: int = 64
    encoded_bytes: int = 4 * 2**20
    push: int = 8
    pull: int = 8

    def __post_init__(self):
        if not (math.isfinite(self.epsilon) and 0 <= self.epsilon <= 1):
            raise ReIDError(
                f"the ceiling of epsilon must lie in [0, 1] (255/255), not {self.epsilon}"
            )
        for name in ("steps", "batch", "encoded_bytes", "push", "pull"):
            if getattr(self, name) < 1:
                raise ReIDError(
                    f"the ceiling of {name} must be at least 1, not {getattr(self, name)}"
                )
