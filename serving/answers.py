"""What a client gives back beside arrays."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class VersionStatus:
    """One version of a model: START, LOADING, AVAILABLE, UNLOADING or END, and why it ended."""

    version: int
    state: str
    error: str = ""


@dataclasses.dataclass(frozen=True)
class AttackResult:
    """What an attack signature answers, image by image.

    adversarial: uint8 [N, H, W, 3].
    displacement: [N] distance that the embedding moved.
    linf: [N] largest change of a pixel, in [0, 1], measured on `adversarial`.
    epsilon_used, steps_used: [N] as the server applied them; no steps of a generator.
    valid: [N] bool; False where the attack failed and the image is given back unchanged.
    mask: uint8 [N, H, W, 1], 1 where a generator may have changed a pixel; None of other attacks.
    """

    adversarial: np.ndarray
    displacement: np.ndarray
    linf: np.ndarray
    epsilon_used: np.ndarray
    valid: np.ndarray
    steps_used: np.ndarray | None = None
    mask: np.ndarray | None = None
