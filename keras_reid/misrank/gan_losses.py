"""What a discriminator and a generator want from the scores of pairs."""

import tensorflow as tf

from keras_reid.errors import ReIDError

GANS = ("log", "least_squares")
SCORED = ("all", "smallest")


def towards(scores, real, gan):
    """How far scores are from saying "real" (or "not real").

    Args:
      scores: list of [N, h, w, 1], one of each scale.
      real: what they should say.
      gan: "log", the sigmoid cross-entropy, or "least_squares", (score - 1)^2 or score^2.

    Returns:
      float32 [N]: means over the places, summed over the scales.

    Source: Goodfellow et al. 2014 (for the generator the non-saturating form, which is
    `towards(fake, True)`); Mao et al. 2017, arXiv:1611.04076.
    """
    if gan not in GANS:
        raise ReIDError(f"gan {gan!r} is unknown; use one of {', '.join(GANS)}")
    total = 0.0
    for score in scores:
        score = tf.cast(score, tf.float32)
        if gan == "log":
            each = tf.nn.softplus(-score if real else score)
        else:
            each = (score - (1.0 if real else 0.0)) ** 2
        total += tf.reduce_mean(each, axis=[1, 2, 3])
    return total


def scored(outputs, scales="all"):
    """The scores among the trunks' outputs, finest scale first; "smallest": the coarsest alone.

    The released code trains the coarsest alone.
    """
    if scales not in SCORED:
        raise ReIDError(f"scales {scales!r} is unknown; use one of {', '.join(SCORED)}")
    names = sorted(name for name in outputs if name.startswith("score"))
    return [outputs[name] for name in (names if scales == "all" else names[-1:])]
