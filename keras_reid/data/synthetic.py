"""Seeded procedural pedestrians as JPEGs in Market-1501's layout: smoke data, never a benchmark.

Example:
  generate_people("people", train_ids=8, test_ids=8, cameras=3, images_per_camera=2, size=(32, 16))
  load_dataset("market1501", "people")

No picture of a real person went into it. What an image shows depends on the seed, the style, the
size, the person, the camera and the image's number, and on nothing else: more people, or other
worker processes, leave it as it was. docs/synthetic_people.md says what was measured on it.
"""

import concurrent.futures
import dataclasses
import hashlib
import io
import json
import math
import multiprocessing
import os
import signal
from pathlib import Path

from PIL import Image

from keras_reid.data.market1501 import FOLDERS
from keras_reid.data.people import shot
from keras_reid.data.people.plan import PeopleConfig, counts_of, plan
from keras_reid.data.records import DISTRACTOR, JUNK
from keras_reid.errors import ReIDError
from keras_reid.files import aside, write_json

GENERATOR = "1"  # goes up with every change that changes a pixel
SETTINGS_FILE = "synthetic.json"
INLINE = 150  # up to so many images, starting processes takes longer than drawing
CHUNK = 24


@dataclasses.dataclass(frozen=True)
class PeopleSummary:
    """What lies in a generated folder. `reused` says that it had been there before."""

    root: str
    counts: dict
    digest: str
    reused: bool


def generate_people(root, *, workers=None, progress=None, **settings):
    """Writes a data set in Market-1501's layout, or finds that the same one is already there.

    Args:
      root: the folder to make; it may exist if it is empty or holds the same data set.
      workers: processes; None for one a core, 1 to draw in this process. Scripts that ask for more
        than one need the usual `if __name__ == "__main__":`, as processes are spawned.
      progress: called with (images done, images in all) as the work goes on.
      **settings: fields of PeopleConfig: seed, train_ids, test_ids, cameras, images_per_camera,
        size, style, distractors, junk.

    Returns:
      PeopleSummary.
    """
    return write_people(root, PeopleConfig(**settings), workers=workers, progress=progress)


def write_people(root, config, *, workers=None, progress=None):
    """`generate_people` for settings that are already a PeopleConfig."""
    root = Path(root).expanduser()
    if workers is not None and workers < 1:
        raise ReIDError(f"workers is {workers}; at least one process has to do the drawing")
    found = _already_there(root, config)
    if found:
        return found
    pictures = plan(config)
    with aside(root) as draft:
        for folder in FOLDERS.values():
            (draft / folder).mkdir(parents=True)
        _draw_all(draft, config, pictures, _processes(workers, len(pictures)), progress)
        summary = PeopleSummary(str(root), counts_of(pictures), digest(draft), reused=False)
        write_json(
            draft / SETTINGS_FILE,
            {**_identity(config), "counts": summary.counts, "digest": summary.digest},
        )
    return summary


def draw(config, picture):
    """uint8 [*size, 3]: the pixels of one picture, before JPEG."""
    world = shot.World(config.seed, config.style)
    if picture.pid == DISTRACTOR:
        return shot.distractor_crop(world, picture.camid, picture.index, config.size)
    if picture.pid == JUNK:
        return shot.junk_crop(world, picture.camid, picture.index, config.size)
    return shot.person_crop(world, picture.pid, picture.camid, picture.index, config.size)


def digest(root):
    """16 hex digits over names and bytes of the images in the three folders."""
    total = hashlib.sha256()
    for folder in sorted(FOLDERS.values()):
        for path in sorted((Path(root) / folder).glob("*")):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{folder}/{path.name} {content}\n".encode())
    return total.hexdigest()[:16]


def _identity(config):
    return {"generator": GENERATOR, "settings": dataclasses.asdict(config)}


def _already_there(root, config):
    """The summary of an identical data set, None where there is nothing; refuses all else."""
    if root.exists() and not root.is_dir():
        raise ReIDError(f"{root} is a file; name a folder for the data set")
    if not root.exists() or not any(root.iterdir()):
        return None
    try:
        stored = json.loads((root / SETTINGS_FILE).read_text(encoding="utf-8"))
        identity = {key: stored[key] for key in ("generator", "settings")}
        expected = stored["digest"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ReIDError(
            f"{root} is not empty and holds no synthetic people; choose another folder"
        ) from None
    wanted = json.loads(json.dumps(_identity(config)))
    if identity != wanted:
        raise ReIDError(
            f"{root} holds other synthetic people: {_differences(identity, wanted)}; "
            "choose another folder or remove it first"
        )
    if digest(root) != expected:
        raise ReIDError(
            f"images in {root} were changed, added or lost since they were drawn; remove it first"
        )
    return PeopleSummary(str(root), counts_of(plan(config)), expected, reused=True)


def _differences(found, wanted):
    flat = [{"generator": side["generator"], **side["settings"]} for side in (found, wanted)]
    pairs = {name: [side.get(name) for side in flat] for name in sorted({**flat[0], **flat[1]})}
    return ", ".join(f"{name} {a} instead of {b}" for name, (a, b) in pairs.items() if a != b)


def _processes(workers, images):
    if workers is None:
        workers = 1 if images <= INLINE else _cores()
    return min(workers, math.ceil(images / CHUNK))


def _cores():
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _draw_all(root, config, pictures, processes, progress):
    chunks = [pictures[start : start + CHUNK] for start in range(0, len(pictures), CHUNK)]
    done = 0
    report = progress or (lambda done, total: None)
    if processes == 1:
        for chunk in chunks:
            done += _draw_chunk(root, config, chunk)
            report(done, len(pictures))
        return
    pool = concurrent.futures.ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_leave_interrupts_alone
    )
    try:
        jobs = [pool.submit(_draw_chunk, root, config, chunk) for chunk in chunks]
        for job in concurrent.futures.as_completed(jobs):
            done += job.result()
            report(done, len(pictures))
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_alone():
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer


def _draw_chunk(root, config, pictures):
    """Draws and writes some pictures; returns how many."""
    for picture in pictures:
        pixels = draw(config, picture)
        camera, _ = shot.camera_and_scene(shot.World(config.seed, config.style), picture.camid)
        encoded = io.BytesIO()
        Image.fromarray(pixels).save(encoded, "JPEG", quality=camera.quality, subsampling="4:2:0")
        (root / picture.name).write_bytes(encoded.getvalue())
    return len(pictures)
