"""The matrix victims x generators, and how each generator's effect falls with its pixels."""

from typing import NamedTuple

from keras_reid.evaluation.bench import no_progress
from keras_reid.evaluation.rank_lists import spread
from keras_reid.evaluation.transfer.crafted import Crafter
from keras_reid.evaluation.transfer.jobs import Job, all_jobs
from keras_reid.evaluation.transfer.pictures import Pictures
from keras_reid.evaluation.transfer.plan import check_sides
from keras_reid.evaluation.transfer.results import results
from keras_reid.evaluation.transfer.target import Target, attacked, people


class Done(NamedTuple):
    """A Job, the figures of each victim it was shown to, and how visible it was."""

    job: Job
    figures: list
    quality: dict


def run_transfer(generators, victims, datasets, plan, *, progress=no_progress, save=None):
    """Measures every victim on every data set under every generator.

    Args:
      generators: Generators, each with its number of pixels.
      victims: LoadedModels.
      datasets: Datasets; their queries are attacked, their galleries stay clean.
      plan: TransferPlan.
      progress: (title, total) -> callable taking how much is done.
      save: called with (generator's index, data set's index, rows, adversarial pixels), or None.

    Returns:
      (dict, ready for JSON, without pictures and provenance; [Pictures]).
    """
    check_sides(generators, victims, datasets)
    targets = [[Target(victim, each, plan, progress) for victim in victims] for each in datasets]
    clean = [[target.figures() for target in row] for row in targets]
    crafter = Crafter(victims[0], plan)
    jobs = all_jobs(generators, victims, datasets, plan)
    sizes = [job.work(len(people(datasets[job.data]))) for job in jobs]
    advance = progress(f"{len(jobs)} attacks, {len(victims)} victims", sum(sizes))
    finished, pictures, done = [], [], 0
    for job, size in zip(jobs, sizes, strict=True):
        keeper = Pictures(job.generator, job.data, [])
        if job.is_matrix:
            somebody = people(datasets[job.data])
            keeper.wanted = [somebody[place] for place in spread(len(somebody), plan.examples)]
            pictures.append(keeper)
        shown = [targets[job.data][index] for index in job.shown_to]
        counter = Counter(advance, done, size // max(len(people(datasets[job.data])), 1))

        def on_batch(rows, pixels, crafted, job=job, keeper=keeper, counter=counter):
            keeper.add(rows, pixels, crafted)
            counter.add(len(rows))
            if save and job.is_matrix:
                save(job.generator, job.data, rows, crafted.pixels)

        found = attacked(
            _craft(crafter, generators, job), shown, datasets[job.data], job.size,
            plan.batch_size, on_batch=on_batch,
        )  # fmt: skip
        finished.append(Done(job, *found))
        done += size
    told = results(generators, targets, datasets, plan, clean, finished)
    return told, pictures


class Counter:
    """Moves the bar of all attacks by the images of one."""

    def __init__(self, advance, start, each):
        self._advance, self._done, self._each = advance, start, each

    def add(self, images):
        self._done += images * self._each
        self._advance(self._done)


def _craft(crafter, generators, job):
    if job.noise:
        return crafter.noise(job.noise, job.size)
    return crafter.generator(generators[job.generator], job.num_pixels)
