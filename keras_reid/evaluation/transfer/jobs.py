"""What a transfer evaluation has to do: each attack on the queries of a data set, once."""

import dataclasses

from keras_reid.attacks import NOISES
from keras_reid.evaluation.transfer.plan import OWN_VICTIM, kinship
from keras_reid.misrank import count_pixels


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """Attacking the queries of one data set once.

    data: its index. size: (height, width) at which the images are made.
    shown_to: indices of victims.
    generator: its index, or None for `noise`. num_pixels: 0 for all.
    share: of the pixels, where it is a point of a curve; else None.
    """

    data: int
    size: tuple
    shown_to: tuple
    generator: int | None = None
    noise: str | None = None
    num_pixels: int = 0
    share: float | None = None

    @property
    def is_matrix(self):
        return self.generator is not None and self.share is None

    def work(self, images):
        """About how many passes of one image it takes, for the bar."""
        return images * (1 + len(self.shown_to))


def all_jobs(generators, victims, datasets, plan):
    """Noise at each size, the matrix and the curves, data set by data set."""
    jobs = []
    for place, dataset in enumerate(datasets):
        jobs += _noises(generators, victims, place)
        for index, generator in enumerate(generators):
            common = {"data": place, "size": generator.input_size, "generator": index}
            jobs.append(
                Job(shown_to=tuple(range(len(victims))), num_pixels=generator.num_pixels, **common)
            )
            own = tuple(
                victim
                for victim, each in enumerate(victims)
                if kinship(generator, each, dataset) == OWN_VICTIM
            )
            pixels = generator.input_size[0] * generator.input_size[1]
            for share in plan.pixel_shares if own else ():
                count = count_pixels(float(share), pixels)
                jobs.append(Job(shown_to=own[:1], num_pixels=count, share=share, **common))
    return jobs


def _noises(generators, victims, place):
    sizes = dict.fromkeys(generator.input_size for generator in generators)
    everybody = tuple(range(len(victims)))
    return [
        Job(data=place, size=size, shown_to=everybody, noise=name)
        for size in sizes
        for name in NOISES
    ]
