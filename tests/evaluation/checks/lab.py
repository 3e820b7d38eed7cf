"""Evidence of a tiny model, measured for real: synthetic people, run_trial, every row of a grid."""

import dataclasses

import numpy as np

from keras_reid.data.images import pixel_batches
from keras_reid.evaluation.attack_runner import Attacked, AttackRunner
from keras_reid.evaluation.clean_set import CleanSet
from keras_reid.evaluation.embed import Embedder, embed_records
from keras_reid.evaluation.evidence import Evidence, Row
from keras_reid.evaluation.guiding import GuideSource
from keras_reid.evaluation.measuring import per_query
from keras_reid.evaluation.robustness import Attackers, run_trial, take_aim
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
        runner, source = runner or self._runner(attack), source or GuideSource(seed=seed)
        clean, seen = clean or self.clean, []
        result = run_trial(
            trial,
            clean,
            take_aim(runner, source, "query", clean.query_embeddings, self.pids, seed),
            Attackers(runner, self._runner("sma")),
            embedder=self._embedder,
            batches=[self.pixels],
            on_batch=lambda first, before, after, moved: seen.append(after),
        )
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
            displacement=result.moved,
            zero_gradient=result.zero_gradient,
            still=result.still,
            fallbacks=result.fallbacks,
            seconds=result.seconds,
            extra=extra or {},
            **per_query(result.ranking),
            **dataclasses.asdict(result.change),
        )
        return row, seen[0]

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
            noise_subset=[r for r in rows if r.epsilon_255 == 16 and "noise" in r.attack],
            trained_with="nothing",
            command="python -m trainers.evaluate_robustness --model=m --data=d --workdir=w",
        )

    def moved_here(self, surrogate, attack, epsilon):
        """A row of images that were made on the surrogate, ranked by this model."""
        row, after = surrogate.measure(attack, epsilon)
        mine = self.row(attack, epsilon, runner=_Replay(after))
        return dataclasses.replace(row, **_outcome(mine), extra={"source": "surrogate"})

    def _runner(self, attack):
        # Tracing a graph takes longer than anything that is measured here: one for all rows.
        if attack not in self._runners:
            self._runners[attack] = AttackRunner(attack, self.model, batch_size=self.batch)
        return self._runners[attack]


class _Replay:
    """An AttackRunner that already has its answer and takes no gradient."""

    name, guided, differentiates = "replay", False, False

    def __init__(self, after):
        self._after = after

    def attacked(self, pixels, guides=None, **how):
        return Attacked(self._after, None)


def _outcome(row):
    """What was measured on the victim."""
    names = ("figures", "average_precision", "first_hit", "displacement", "still")
    return {name: getattr(row, name) for name in names}
