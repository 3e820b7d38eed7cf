"""What is to be seen of an attack: clean, change times ten, mask, adversarial."""

import numpy as np

KINDS = ("clean", "perturbation_x10", "mask", "adversarial")
CHANGE_SHOWN = 10


def attack_pictures(clean, adversarial, mask):
    """Pictures of some images.

    Args:
      clean, adversarial: uint8 [N, H, W, 3].
      mask: uint8 [N, H, W, 1] of 0 and 1.

    Returns:
      {kind: uint8 [N, H, W, 3]}; no change is grey, pixels that may change are white.
    """
    change = 128 + CHANGE_SHOWN * (adversarial.astype(np.int32) - clean)
    shown = (
        clean,
        np.clip(change, 0, 255).astype(np.uint8),
        np.repeat(255 * mask, 3, axis=-1),
        adversarial,
    )
    return dict(zip(KINDS, shown, strict=True))
