"""What the attack loop costs beside the passes that it cannot do without.

    python -m benchmarks.attack_loop

Peer: `steps` calls of a compiled function that does one forward and one input-gradient pass of the
same model on the same batch, and nothing else. They alternate, so that a noisy machine hits both.
Prints JSON; the bar of `ratio` (loop / peer) is 1.15.
"""

import json
import statistics

import numpy as np
import tensorflow as tf

from benchmarks.race import race
from keras_reid.attacks import Guides, make_attack
from keras_reid.models import build_reid_model

STEPS, BATCH, ROUNDS, SIZE = 15, 16, 7, (128, 64)


def main():
    tf.random.set_seed(0)
    model = build_reid_model("small", SIZE)
    images = tf.constant(np.random.default_rng(0).random((BATCH, *SIZE, 3), np.float32))
    clean = model.embed(images)
    guides = Guides(push=clean[:, None], pull=tf.roll(clean, 1, axis=0)[:, None])

    @tf.function
    def one_pass(batch):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(batch)
            score = tf.reduce_sum(tf.square(model.embed(batch) - clean))
        return tape.gradient(score, batch)

    def peer():
        for _ in range(STEPS):
            one_pass(images)

    contestants = {"peer": peer}
    for name, told in (("ifgsm", guides), ("fna", guides), ("sma", None), ("mifgsm", guides)):
        attack = make_attack(name, steps=STEPS)
        compiled = tf.function(
            lambda batch, attack=attack, told=told: attack(
                model.embed, batch, told, epsilon=8 / 255
            )
        )
        contestants[name] = lambda compiled=compiled: compiled(images).numpy()
    seconds = race(contestants, ROUNDS)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    ratios = {
        name: round(statistics.median(np.divide(times, seconds["peer"])), 3)
        for name, times in seconds.items()
        if name != "peer"
    }
    print(
        json.dumps(
            {
                "benchmark": "attack_loop",
                "setting": f"small backbone, {BATCH} images of {SIZE}, {STEPS} steps, CPU",
                "ratio": ratios,
                "bar": 1.15,
                "seconds": {name: round(value, 4) for name, value in medians.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
