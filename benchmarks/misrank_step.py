"""What a step of the mis-ranking GAN costs beside its parts, each by itself.

    python -m benchmarks.misrank_step

Peer: forward and backward of everything a step cannot do without, each as a graph of its own: the
generator, the mask, what the trunks and the victim say of the attacked images, what the victim says
of the clean ones, MS-SSIM, and the trunks on the discriminator's batch. They alternate with whole
steps, so that a noisy machine hits all of them. Prints JSON; the bar of `ratio` (a step / the sum
of its parts) is 1.3: what a step adds is its losses and two optimizers.
"""

import json
import statistics
import tempfile
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from benchmarks.goat_step import PEOPLE, noise_records
from benchmarks.race import race
from keras_reid.losses import ms_ssim
from keras_reid.misrank import as_victim, sample_pixel_mask
from keras_reid.misrank.model import pairs
from keras_reid.models import build_reid_model, load_model
from trainers.misrank import resolve
from trainers.misrank.task import MisrankTask
from trainers.replicas import make_strategy

SIZE, ROUNDS, BAR = (64, 32), 9, 1.3
SHARE = 0.5  # of the pixels, so that the mask has something to choose


def main():
    with tempfile.TemporaryDirectory() as folder:
        task, victim, batch = make_task(Path(folder))
    contestants = {"step": lambda: float(task.train_step(*batch)["loss"])}
    contestants |= parts_of(task.model, as_victim(victim), batch[0])
    seconds = race(contestants, ROUNDS)
    seconds["peer"] = np.sum([seconds[name] for name in seconds if name != "step"], axis=0)
    print(
        json.dumps(
            {
                "benchmark": "misrank_step",
                "setting": f"small preset against the small victim, batch of {len(batch[0])} "
                f"images of {SIZE}, half of their pixels, CPU",
                "ratio": round(statistics.median(np.divide(seconds["step"], seconds["peer"])), 3),
                "bar": BAR,
                "seconds": {
                    name: round(statistics.median(times), 4) for name, times in seconds.items()
                },
            }
        )
    )


def make_task(folder):
    """(MisrankTask of the small preset, LoadedModel of its victim, a batch)."""
    keras.utils.set_random_seed(0)
    path = folder / "victim.keras"
    build_reid_model("small", SIZE, PEOPLE).save(path)
    victim = load_model(path, default_size=SIZE)
    config = resolve("small", victim=str(path), num_pixels=SHARE, held_out=0.0)
    task = MisrankTask(
        config,
        victim,
        noise_records(folder, SIZE),
        (),
        make_strategy("none"),
        labels_are_classes=True,
    )
    return task, victim, next(iter(task.batches(0)))


def parts_of(model, victim, images):
    """{name: callable} of the parts of a step, backward where the step goes back."""
    noise = tf.random.stateless_uniform(images.shape, [1, 2], -model.epsilon, model.epsilon)
    attacked = tf.clip_by_value(images + noise, 0.0, 1.0)
    uniform = tf.random.stateless_uniform([len(images), SIZE[0] * SIZE[1]], [3, 4])
    everything = tf.concat([images, images, attacked], axis=0)

    def masked(_):
        logits = model.mask_logits(images, noise)
        return sample_pixel_mask(logits, model.num_pixels, model.tau, uniform)[0] * uniform

    def scores(seen, training):
        first = tf.tile(images, [len(seen) // len(images), 1, 1, 1])
        found = model.trunks(pairs(first, seen), training=training)
        return [value for key, value in found.items() if key.startswith("score")]

    generator, head = model.generator.trainable_variables, model.mask_head.trainable_variables
    trunks = model.trunks.trainable_variables
    forward = tf.function(lambda: tf.reduce_sum(victim.outputs(images)[0]))
    return {
        "generator": _both(lambda x: model.generator(x, training=True), images, generator),
        "mask": _both(masked, images, head),
        "judged": _both(lambda x: scores(x, False), attacked),
        "victim": _both(victim.outputs, attacked),
        "victim_clean": lambda: float(forward()),
        "ms_ssim": _both(lambda x: ms_ssim(images, x), attacked),
        "discriminator": _both(lambda x: scores(x, True), everything, trunks),
    }


def _both(compute, inputs, variables=None):
    """A callable: forward and backward, to the variables or, without any, to the inputs."""

    @tf.function
    def both():
        sources = inputs if variables is None else variables
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            total = tf.add_n([tf.reduce_sum(value) for value in tf.nest.flatten(compute(inputs))])
        gradients = [each for each in tf.nest.flatten(tape.gradient(total, sources))]
        return tf.add_n([tf.reduce_sum(each) for each in gradients if each is not None])

    return lambda: float(both())


if __name__ == "__main__":
    main()
