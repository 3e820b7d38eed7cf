"""A cell measured or read: what decides it, what it holds, and how a Row comes out of it."""

import dataclasses

import numpy as np

from keras_reid.evaluation.cells import Content, data_identity, digest
from keras_reid.evaluation.evidence import Row
from keras_reid.evaluation.examples import Camera, first_places, guides_of
from keras_reid.evaluation.grid import NO_GUIDES, guided
from keras_reid.evaluation.pulled import pulled_ranks
from keras_reid.evaluation.summary import figures

ALSO = {"pulled": pulled_ranks}
FIGURES = ("linf_255", "mean_l2", "changed", "ssim")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """A Bench with the identities that its cells are named after."""

    bench: object
    model: str
    data: str

    @classmethod
    def of(cls, bench, store):
        return cls(bench=bench, model=store.name_of(bench.model), data=data_identity(bench.dataset))

    def under(self, protocol):
        """The same Place with a Bench under another Protocol."""
        return dataclasses.replace(self, bench=self.bench.under(protocol))

    def common(self):
        """What every cell of this model on this data depends on."""
        protocol = self.bench.protocol
        return {
            "model": self.model,
            "data": self.data,
            "metric": self.bench.metric,
            "average_precision": protocol.average_precision,
        }


def clean_facts(place, examples):
    """What decides the figures without attack."""
    return {"kind": "clean", "examples": list(examples), **place.common()}


def cell_facts(place, maker, cell):
    """What decides the figures of a cell."""
    protocol, trial = place.bench.protocol, cell.trial
    facts = {
        "kind": "attack",
        **place.common(),
        "maker": maker.model,
        "attack": trial.attack,
        "epsilon_255": round(trial.epsilon * 255, 6),
        "step": trial.step,
        "settings": {
            key: dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value
            for key, value in trial.settings.items()
        },
        "attacked": cell.attacked,
        "guide_source": cell.guide_source,
        "seed": cell.seed,
        "rows": None if cell.rows is None else digest(list(cell.rows)),
        "examples": list(cell.examples),
    }
    if guided(trial.attack):
        facts["guides"] = [protocol.num_push, protocol.num_pull, protocol.pull_identity]
        if trial.attack != "fna" and protocol.num_pull and protocol.pull_identity == "random":
            # Said apart, because such cells once held pulls to the furthest identity.
            facts["guides"].append("sampled")
    if cell.also:
        facts["also"] = list(cell.also)
    return facts


def measure_clean(place, examples):
    """Content of the figures without attack and of a random ranking."""
    clean = place.bench.clean
    ranking, distance = clean.rank()
    return Content(
        {
            "figures": figures(ranking),
            "valid_queries": int(ranking.valid_queries),
            "skipped_queries": int(ranking.skipped_queries),
            "chance": figures(clean.chance()),
            "examples": first_places(clean, distance, examples),
        },
        per_query(ranking),
    )


def measure(place, maker, cell, on_batch):
    """Content of a cell, computed.

    Args:
      place, maker: Place of the model that is measured, and of the one that makes the images.
      cell: Cell.
      on_batch: called with (images done) after each batch.
    """
    split = None if cell.guide_source == NO_GUIDES else cell.guide_source
    camera = Camera(cell.examples if cell.attacked == "query" else ())

    def listen(first, pixels, found, moved):
        camera(first, pixels, found, moved)
        on_batch(first + len(pixels))

    result = place.bench.run(
        cell.trial,
        guide_source=split or cell.attacked,
        attacked=cell.attacked,
        seed=cell.seed,
        rows=None if cell.rows is None else np.array(cell.rows),
        maker=maker.bench,
        on_batch=listen,
    )
    examples = first_places(place.bench.clean, result.distance, cell.examples)
    if cell.attacked == "query":
        told = guides_of(maker.bench, cell, split)
        examples = [e | {"guides": g} for e, g in zip(examples, told, strict=True)]
    arrays = {**per_query(result.ranking), "displacement": result.moved}
    for name in cell.also:
        arrays |= ALSO[name](place.bench, maker.bench, cell, result.distance)
    images = camera.images()
    if images is not None:
        arrays["images"] = images
    words = {
        "figures": figures(result.ranking),
        **{name: getattr(result.change, name) for name in FIGURES},
        "zero_gradient": result.zero_gradient,
        "still": result.still,
        "fallbacks": result.fallbacks,
        "seconds": round(result.seconds, 2),
        "examples": examples,
    }
    return Content(words, arrays)


def per_query(ranking):
    """Average precision and first hit of each query, NaN where it has no valid match."""
    first = np.where(ranking.first_match > 0, ranking.first_match, np.nan)
    return {"average_precision": ranking.average_precisions, "first_hit": first}


def as_row(cell, content):
    """The Row of a cell."""
    words, trial = content.words, cell.trial
    return Row(
        attack=trial.label,
        epsilon_255=round(trial.epsilon * 255, 4),
        attacked=cell.attacked,
        guide_source=cell.guide_source,
        seed=cell.seed,
        steps=trial.effective_steps,
        step_size_255=round(trial.step_size * 255, 4),
        reaches_the_edge=trial.reaches_the_edge,
        average_precision=content.arrays["average_precision"],
        first_hit=content.arrays["first_hit"],
        displacement=content.arrays["displacement"],
        extra=dict(cell.extra),
        **{
            name: words[name]
            for name in (*FIGURES, "figures", "zero_gradient", "still", "fallbacks", "seconds")
        },
    )
