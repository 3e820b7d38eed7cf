"""Evidence of a tiny model, measured for real: synthetic people, run_trial, every row of a grid."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_reid.attacks import make_attack, steps
from keras_reid.attacks.iterative import image_gradient
from keras_reid.data.images import pixel_batches, to_images
from keras_reid.evaluation.clean_set import CleanSet
from keras_reid.evaluation.embed import Embedder, embed_records
from keras_reid.evaluation.evidence import Evidence, Row
from keras_reid.evaluation.guiding import GuideSource, without_push
from keras_reid.evaluation.robustness import make_runner, run_trial
from keras_reid.evaluation.summary import figures
from keras_reid.evaluation.trials import make_trials
from tests.evaluation.people import SIZE

EPSILONS = (0, 8, 16, 32)
SEEDS = (0, 1, 2)
STEPS = 6
SEEDED = ("noise", "sign_noise", "sma")
FIXED = ("fgsm", "ifgsm", "fna")  # nothing in them depends on a seed
THREAT = {
    "norm": "L-infinity on pixels in [0, 1], at the model's input resolution",
    "attacked": "query",
    "guide source": "query",
    "knowledge": "white box: the weights, and the identities of the guide source",
    "distance": "euclidean",
    "average precision": "standard",
    "restarts": 1,
}


class Lab:
    """One model before its people, and whatever is attacked there.

    Gallery images are queries, too: the ranking drops an image of the same person and camera, and
    36 queries make better figures than 18.
    """

    def __init__(self, model, dataset, queries=36):
        query = [r for r in (*dataset.query, *dataset.gallery) if 0 < r.pid < 7][:queries]
        self.model, self.query, self.gallery = model, tuple(query), tuple(dataset.gallery)
        self.batch = len(query)
        self.clean = self.embedded()
        (self.pixels,) = pixel_batches(self.query, SIZE, self.batch)
        self.pids = np.array([record.pid for record in query])
        self._runners = {}
        self._embedder = Embedder(model.embed, SIZE, self.batch)

    def embedded(self, embed=None):
        """The CleanSet of the model, or of another way to embed the same images."""
        embed = embed or self.model.embed
        sides = {
            f"{side}_embeddings": embed_records(embed, records, SIZE, batch_size=self.batch)
            for side, records in (("query", self.query), ("gallery", self.gallery))
        }
        return CleanSet(query=self.query, gallery=self.gallery, **sides)

    def row(self, attack, epsilon, seed=0, **how):
        """Measures one row; `how` as in `measure`."""
        return self.measure(attack, epsilon, seed, **how)[0]

    def measure(
        self, attack, epsilon, seed=0, *, source=None, clean=None, runner=None, extra=None, **trial
    ):
        """(Row, adversarial uint8 images) of one attack, and of what a proof changes about it."""
        (trial,) = make_trials((attack,), (epsilon / 255,), **{"steps": STEPS, **trial})
        runner, source = runner or self._runner(trial), source or GuideSource(seed=seed)
        clean, seen = clean or self.clean, []
        result = run_trial(
            self.model,
            clean,
            trial,
            source,
            runner=runner,
            embedder=self._embedder,
            seed=seed,
            batch_size=self.batch,
            on_batch=lambda first, before, after, moved: seen.append((after, moved)),
        )
        ((after, moved),) = seen
        first_hit = result.ranking.first_match.astype(float)
        row = Row(
            attack=attack,
            epsilon_255=epsilon,
            attacked="query",
            guide_source="query" if runner.guided else "none",
            seed=seed,
            steps=trial.effective_steps,
            step_size_255=trial.step_size * 255,
            reaches_the_edge=trial.reaches_the_edge,
            figures=figures(result.ranking),
            average_precision=result.ranking.average_precisions,
            first_hit=np.where(first_hit > 0, first_hit, np.nan),
            displacement=moved,
            linf_255=result.change.linf_255,
            mean_l2=result.change.mean_l2,
            changed=result.change.changed,
            ssim=float(np.mean(tf.image.ssim(self.pixels, after, 255, filter_size=5))),
            zero_gradient=self._zero_gradients(trial, runner, source, seed),
            still=result.still,
            fallbacks=result.fallbacks,
            seconds=result.seconds,
            extra=extra or {},
        )
        return row, after

    def grid(self, epsilons=EPSILONS, seeds=SEEDS, fixed=FIXED):
        """Every attack at every epsilon, and one with twice its steps."""
        rows = [self.row(name, e, s) for name in SEEDED for e in epsilons for s in seeds]
        rows += [self.row(name, e) for name in fixed for e in epsilons]
        return [*rows, self.row("sma", 16, steps=2 * STEPS, extra={"steps_doubled": True})]

    def evidence(self, *, surrogate, free, **grid):
        """All of it, its own twin. surrogate: Lab. free: a gradient-free attack, see spsa.py."""
        rows = self.grid(**grid)
        clean = figures(self.clean.rank()[0])
        return Evidence(
            model=self.model,
            pixels=self.pixels[:32],
            sample_pids=self.pids[:32],
            threat_model=THREAT,
            clean=clean,
            chance=figures(self.clean.chance()),
            rows=rows,
            twin=rows,
            twin_clean=clean,
            transfer=[self.moved_here(surrogate, "ifgsm", 16)],
            black_box=[self.row("sma", 16, runner=free(self.model))],
            white_box_subset=[r for r in rows if r.epsilon_255 == 16 and "noise" not in r.attack],
            trained_with=None,
            command="python -m trainers.evaluate_robustness --model=m --data=d --workdir=w",
        )

    def moved_here(self, surrogate, attack, epsilon):
        """A row of images that were made on the surrogate, ranked by this model."""
        row, after = surrogate.measure(attack, epsilon)
        mine = self.row(attack, epsilon, runner=_Replay(after))
        return dataclasses.replace(row, **_outcome(mine), extra={"source": "surrogate"})

    def _runner(self, trial):
        key = trial.attack, trial.steps
        # Tracing a graph takes longer than anything that is measured here: one for every epsilon.
        if key not in self._runners:
            self._runners[key] = make_runner(self.model, trial, self.batch)
        return self._runners[key]

    def _zero_gradients(self, trial, runner, source, seed):
        """Images whose gradient at the attack's start is zero everywhere; -1 for noise."""
        if runner.attack is None or trial.epsilon == 0:
            return -1
        attack = make_attack(trial.attack, **trial.settings)
        images, guides = to_images(self.pixels), None
        told = np.ones(len(images), bool)
        if runner.guided:
            guides = source.guides(trial.attack, self.clean.query_embeddings, self.pids)
            told = ~without_push(guides)  # the others are attacked with sma
        objective = attack.objective(self.model.embed, images, guides)
        start = images
        if attack.random_start:
            start = random_start(images, tf.constant(trial.epsilon), tf.constant([0, seed * 2**32]))
        flat = ~np.any(image_gradient(objective, start).numpy(), axis=(1, 2, 3))
        return int(np.sum(flat & told))


@tf.function
def random_start(images, epsilon, seed):
    """Where the attacks with a random start begin."""
    noise = steps.uniform_noise(steps.image_keys((seed[0], seed[1]), len(images)), images.shape[1:])
    return steps.project(images + epsilon * noise, images, epsilon)


class _Replay:
    """An AttackRunner that already has its answer and takes no gradient."""

    attack, guided = None, False

    def __init__(self, after):
        self._after = after

    def run(self, pixels, guides=None, **_):
        return self._after


def _outcome(row):
    """What was measured on the victim."""
    names = ("figures", "average_precision", "first_hit", "displacement", "still")
    return {name: getattr(row, name) for name in names}
