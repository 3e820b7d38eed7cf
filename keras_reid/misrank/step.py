"""One update of the mis-ranking GAN: the generator's step and the discriminator's step."""

import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.losses.misranking import check_two_persons
from keras_reid.misrank.gan_losses import scored, towards
from keras_reid.misrank.model import pairs
from keras_reid.misrank.partners import partners
from keras_reid.misrank.pixel_budget import check_pixels

TEMPERATURES = ("fixed", "learnable")
HEADS = ("learnt", "frozen")


class MisrankStep:
    """Trains a MisrankModel against a victim.

    Both steps look at the same adversarial images. The generator's step updates the generator, the
    mask head and, if learnable, the temperature, with the trunks in inference mode; the
    discriminator's step updates the trunks. The victim is never updated. Under a strategy, each
    replica ranks its own images, and the updates are means over the replicas.

    Args:
      model: MisrankModel.
      victim: Victim.
      objective: MisrankObjective.
      generator_optimizer, discriminator_optimizer: built for `generator_variables` and
        `discriminator_variables` of the same arguments.
      temperature: "fixed" or "learnable"; head: "learnt" or, as released, "frozen".

    Raises:
      ReIDError: misclassification of a victim without class scores.
    """

    def __init__(
        self,
        model,
        victim,
        objective,
        *,
        generator_optimizer,
        discriminator_optimizer,
        temperature="fixed",
        head="learnt",
    ):
        if objective.xent_weight and victim.num_classes is None:
            raise ReIDError(
                "the victim has no class scores to be mistaken in; set xent_weight to 0, or train "
                "the victim with a classifier"
            )
        self.model, self.victim, self.objective = model, victim, objective
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self._generator_variables = generator_variables(model, temperature, head)
        self._trunk_variables = discriminator_variables(model)

    def __call__(self, images, pids, num_pixels, *, uniform=None, classes=None):
        """Updates everything once.

        Args:
          images: float32 [N, H, W, 3] in [0, 1].
          pids: int [N], of two persons at least.
          num_pixels: int or scalar tensor, pixels of each image that may change; 0: all.
          uniform: [N, H*W] in [0, 1), the chance in the mask; None: none.
          classes: [N], the classes of the victim that the images show; None: what it says of the
            clean images, for people that it was not trained on.

        Returns:
          {name: float32 scalar}: "loss" (the generator's), its terms, "discriminator_loss" and
          "changed", the share of the pixels in the mask.

        Raises:
          ReIDError: a batch of one person or pixels that there are not, in an eager call.
        """
        check_two_persons(pids)
        check_pixels(num_pixels, self.model.input_size[0] * self.model.input_size[1])
        adversarial, values = self.generator_step(
            images, pids, num_pixels, uniform=uniform, classes=classes
        )
        values["discriminator_loss"] = self.discriminator_step(images, adversarial, pids)
        return values

    def generator_step(self, images, pids, num_pixels, *, uniform=None, classes=None):
        """Updates generator and mask head; (adversarial images from before, values)."""
        clean = tuple(map(_constant, self.victim.outputs(images)))
        if classes is None and clean[1] is not None:
            classes = tf.argmax(clean[1], axis=1)
        with tf.GradientTape() as tape:
            adversarial, mask, _ = self.model.perturbed(
                images, self.model.epsilon, num_pixels, uniform=uniform, training=True
            )
            outputs = self.model.trunks(pairs(images, adversarial), training=False)
            fooled = towards(scored(outputs, self.objective.scored), True, self.objective.gan)
            terms = {
                "gan": tf.reduce_mean(fooled),
                "ms_ssim": self.objective.similarity(images, adversarial),
                **self.objective.of_victim(
                    clean, self.victim.outputs(adversarial), pids, classes, self.victim.distance
                ),
            }
            loss = self.objective.total(terms)
            scaled = compat.scaled_loss(self.generator_optimizer, _share(loss))
        _descend(self.generator_optimizer, tape, scaled, self._generator_variables)
        return tf.stop_gradient(adversarial), {
            "loss": loss, **terms, "changed": tf.reduce_mean(mask),
        }  # fmt: skip

    def discriminator_step(self, images, adversarial, pids):
        """Updates the trunks; their loss.

        Real pairs are an image with another of its person and with one of somebody else, half each;
        fake pairs an image with its adversarial self. All in one batch: statistics of their own
        would tell real from fake.
        """
        same, other = partners(pids)
        seen = tf.concat([tf.gather(images, same), tf.gather(images, other), adversarial], axis=0)
        with tf.GradientTape() as tape:
            outputs = self.model.trunks(pairs(tf.tile(images, [3, 1, 1, 1]), seen), training=True)
            same_person, stranger, fake = zip(
                *(tf.split(score, 3) for score in scored(outputs, self.objective.scored)),
                strict=True,
            )
            gan = self.objective.gan
            real = (towards(same_person, True, gan) + towards(stranger, True, gan)) / 2
            loss = tf.reduce_mean(real + towards(fake, False, gan))
            scaled = compat.scaled_loss(self.discriminator_optimizer, _share(loss))
        _descend(self.discriminator_optimizer, tape, scaled, self._trunk_variables)
        return loss


def generator_variables(model, temperature="fixed", head="learnt"):
    """What the generator's step updates."""
    if temperature not in TEMPERATURES or head not in HEADS:
        raise ReIDError(
            f"temperature is one of {', '.join(TEMPERATURES)} and head one of {', '.join(HEADS)}, "
            f"not {temperature!r} and {head!r}"
        )
    variables = list(model.generator.trainable_variables)
    if model.mask_head is not None and head == "learnt":
        variables += model.mask_head.trainable_variables
    if model.mask_head is not None and temperature == "learnable":
        variables.append(model.log_tau)
    return variables


def discriminator_variables(model):
    """What the discriminator's step updates."""
    return list(model.trunks.trainable_variables)


def _descend(optimizer, tape, loss, variables):
    gradients = tape.gradient(loss, variables)
    known = [pair for pair in zip(gradients, variables, strict=True) if pair[0] is not None]
    compat.apply_gradients(optimizer, *zip(*known, strict=True))


def _share(loss):
    """A replica's part of the whole batch's loss, whose gradients are summed over the replicas."""
    return loss / tf.distribute.get_replica_context().num_replicas_in_sync


def _constant(tensor):
    return None if tensor is None else tf.stop_gradient(tensor)
