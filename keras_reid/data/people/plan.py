"""What a data set consists of: its settings, its pictures, their names; nothing is drawn here."""

import dataclasses
import math
from typing import NamedTuple

from keras_reid.data.market1501 import FOLDERS
from keras_reid.data.people.shot import World
from keras_reid.data.people.style import STYLES
from keras_reid.data.records import DISTRACTOR, JUNK
from keras_reid.errors import ReIDError

FEWEST_CAMERAS_EACH = 3  # of those that see one person, where there are that many


@dataclasses.dataclass(frozen=True, kw_only=True)
class PeopleConfig:
    """What makes a data set; two with equal settings are byte for byte the same.

    Attributes:
      seed: an integer >= 0; another seed is another population under other cameras.
      train_ids, test_ids: how many people to learn from, and how many others to find.
      cameras: 2 to 9; every person passes at least three of them, or all.
      images_per_camera: of each person under each camera that it passes.
      size: (height, width) of the crops.
      style: a key of STYLES: the place, its cameras and what people wear there.
      distractors, junk: images of pid 0 and pid -1 as shares of the gallery's other images.
    """

    seed: int = 0
    train_ids: int = 100
    test_ids: int = 50
    cameras: int = 6
    images_per_camera: int = 3
    size: tuple[int, int] = (128, 64)
    style: str = "street"
    distractors: float = 0.1
    junk: float = 0.03

    def __post_init__(self):
        if self.style not in STYLES:
            raise ReIDError(f"unknown style {self.style!r}; known are {', '.join(sorted(STYLES))}")
        for name, low, high in (
            ("seed", 0, 2**63 - 1),
            ("train_ids", 1, 4999),
            ("test_ids", 1, 4999),
            ("cameras", 2, 9),
            ("images_per_camera", 2, 99),
            ("distractors", 0, 10),
            ("junk", 0, 10),
        ):
            if not low <= getattr(self, name) <= high:
                raise ReIDError(f"{name} is {getattr(self, name)}; it goes from {low} to {high}")
        if len(self.size) != 2 or not all(16 <= 2 * side <= 2048 for side in self.size):
            raise ReIDError(f"size is {self.size}; height and width go from 8 to 1024")
        object.__setattr__(self, "size", tuple(int(side) for side in self.size))


class Picture(NamedTuple):
    """One file to be: where, and what is on it."""

    name: str  # below the root
    pid: int
    camid: int
    index: int


def plan(config):
    """The pictures of a data set in name order: training people have even pids, others odd ones."""
    pictures = []
    for number in range(config.train_ids):
        pictures += _person(config, FOLDERS["train"], 2 * number + 2)
    for number in range(config.test_ids):
        own = _person(config, FOLDERS["gallery"], 2 * number + 1)
        # As in Market-1501: one query a person and camera, the gallery keeps the rest.
        pictures += [
            picture._replace(name=f"{FOLDERS['query']}/{_name(picture, box=0)}")
            if picture.index == 0
            else picture
            for picture in own
        ]
    gallery = sum(picture.name.startswith(FOLDERS["gallery"]) for picture in pictures)
    for pid, share in ((DISTRACTOR, config.distractors), (JUNK, config.junk)):
        for number in range(math.ceil(share * gallery)):
            camid, index = number % config.cameras + 1, number // config.cameras
            pictures.append(_picture(FOLDERS["gallery"], pid, camid, index))
    return sorted(pictures)


def cameras_of(config, pid):
    """The cameras that a person passes, in ascending order."""
    # Ranks drawn for all nine possible cameras: adding one changes nobody's images.
    rng = World(config.seed, config.style).stream("cameras", pid)
    ranks, wish = rng.permutation(9) + 1, rng.random()
    seen = [int(camid) for camid in ranks if camid <= config.cameras]
    fewest = min(FEWEST_CAMERAS_EACH, config.cameras)
    return sorted(seen[: fewest + int(wish * (config.cameras - fewest + 1))])


def _person(config, folder, pid):
    return [
        _picture(folder, pid, camid, index)
        for camid in cameras_of(config, pid)
        for index in range(config.images_per_camera)
    ]


def _picture(folder, pid, camid, index):
    picture = Picture(folder, pid, camid, index)
    return picture._replace(name=f"{folder}/{_name(picture, box=1)}")


def _name(picture, box):
    """`0002_c1s1_000451_03.jpg`: person, camera and sequence, frame, detection."""
    who = f"{picture.pid:04d}" if picture.pid >= 0 else "-1"
    # Frames 25 apart: one a second, and a start that differs from person to person.
    frame = 51 + 25 * picture.index + 7919 * (picture.pid + 1) % 90000
    return f"{who}_c{picture.camid}s1_{frame:06d}_{box:02d}.jpg"


def counts_of(pictures):
    """{split: images}, and how many of the gallery are distractors and junk."""
    folders = [picture.name.split("/")[0] for picture in pictures]
    counts = {split: folders.count(folder) for split, folder in FOLDERS.items()}
    for word, pid in (("distractors", DISTRACTOR), ("junk", JUNK)):
        counts[word] = sum(picture.pid == pid for picture in pictures)
    return counts
