import dataclasses
import json
import re

import numpy as np
import pytest
from PIL import Image

from keras_reid.data import load_dataset
from keras_reid.data.contact_sheet import write_contact_sheet
from keras_reid.data.people import shot
from keras_reid.data.people.plan import Picture, cameras_of, plan
from keras_reid.data.people.style import STYLES
from keras_reid.data.records import queries_without_match
from keras_reid.data.synthetic import (
    GENERATOR,
    PeopleConfig,
    digest,
    draw,
    generate_people,
    write_people,
)
from keras_reid.errors import ReIDError

TINY = {"train_ids": 6, "test_ids": 5, "cameras": 3, "images_per_camera": 2, "size": (32, 16)}
FOLDERS = ("bounding_box_train", "query", "bounding_box_test")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    root = tmp_path_factory.mktemp("synthetic") / "people"
    return root, generate_people(root, workers=1, **TINY)


def files(root):
    """{name below the root: bytes} of every image."""
    return {
        f"{folder}/{path.name}": path.read_bytes()
        for folder in FOLDERS
        for path in (root / folder).iterdir()
    }


def test_counts_follow_from_the_settings(tiny):
    root, summary = tiny
    # 6 people x 3 cameras x 2 images; 5 x 3 queries, 15 more images of theirs in the gallery,
    # and of those 15 a tenth as distractors and 3 % as junk, rounded up.
    assert summary.counts == {
        "train": 36, "query": 15, "gallery": 15 + 2 + 1, "distractors": 2, "junk": 1,
    }  # fmt: skip
    dataset = load_dataset("market1501", root)
    assert (len(dataset.train), len(dataset.query)) == (36, 15)
    assert (len(dataset.gallery), len(dataset.junk)) == (17, 1)


def test_names_are_those_of_market1501(tiny):
    for name in files(tiny[0]):
        assert re.fullmatch(r"(-1|\d{4})_c[1-9]s\d_\d{6}_\d{2}\.jpg", name.split("/")[1]), name


def test_every_query_has_a_match_and_people_are_either_trained_on_or_found(tiny):
    dataset = load_dataset("market1501", tiny[0])
    assert not queries_without_match(dataset.query, dataset.gallery).any()
    trained = {record.pid for record in dataset.train}
    assert not trained & {record.pid for record in dataset.query + dataset.gallery}
    views = [(record.pid, record.camid) for record in dataset.query]
    assert len(views) == len(set(views)), "one query a person and camera"


def test_images_have_the_size_that_was_asked_for(tiny):
    for folder in FOLDERS:
        for path in (tiny[0] / folder).iterdir():
            with Image.open(path) as image:
                assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (16, 32))


def test_same_settings_same_bytes(tiny, tmp_path):
    again = generate_people(tmp_path / "again", workers=1, **TINY)
    assert files(tmp_path / "again") == files(tiny[0])
    assert again.digest == tiny[1].digest


def test_worker_processes_change_nothing(tiny, tmp_path):
    generate_people(tmp_path / "spawned", workers=2, **TINY)
    assert files(tmp_path / "spawned") == files(tiny[0])


def test_more_people_and_images_leave_the_others_as_they_were(tiny, tmp_path):
    wider = {**TINY, "train_ids": 8, "test_ids": 7, "images_per_camera": 3}
    generate_people(tmp_path / "wider", workers=1, **wider)
    more, fewer = files(tmp_path / "wider"), files(tiny[0])
    assert set(fewer) < set(more)
    assert all(more[name] == content for name, content in fewer.items())


def test_another_camera_changes_no_image_of_the_old_ones():
    few, many = PeopleConfig(**TINY), PeopleConfig(**{**TINY, "cameras": 6})
    picture = Picture("any", pid=3, camid=2, index=1)
    assert np.array_equal(draw(few, picture), draw(many, picture))


@pytest.mark.parametrize("change", [{"seed": 1}, {"style": "mall"}])
def test_another_seed_or_style_is_another_population(change):
    one, other = PeopleConfig(**TINY), PeopleConfig(**{**TINY, **change})
    picture = Picture("any", pid=3, camid=2, index=0)
    assert np.abs(draw(one, picture).astype(int) - draw(other, picture)).mean() > 10


def test_people_and_moments_differ():
    config = PeopleConfig(**TINY)
    views = [Picture("any", pid, 1, index) for pid in (1, 3) for index in (0, 1)]
    images = {draw(config, picture).tobytes() for picture in views}
    assert len(images) == 4


@pytest.mark.parametrize("style", sorted(STYLES))
def test_tones_are_continuous_and_noisy_like_a_photograph(style):
    world = shot.World(0, style)
    for pid, camid in ((1, 1), (1, 2), (2, 1), (2, 2)):
        crop = shot.person_crop(world, pid, camid, 0, (128, 64))
        assert crop.shape == (128, 64, 3) and crop.dtype == np.uint8
        assert all(len(np.unique(crop[..., channel])) > 100 for channel in range(3))
        assert np.mean((crop == 0) | (crop == 255)) < 0.05
        # Neighbours differ by a little nearly everywhere, by much nearly nowhere.
        step = np.abs(np.diff(crop.astype(int), axis=1)).max(-1)
        assert np.mean(step == 0) < 0.2 and np.median(step) < 25


# Mean of each quarter from head to foot, generator "1". Frozen before any attack was run on it: who
# changes a pixel raises GENERATOR, and measures everything in docs/synthetic_people.md again.
FROZEN = {
    "street": {
        "person 2 camera 1 image 0": [107.3, 122.8, 129.2, 138.2],
        "person 3 camera 4 image 1": [98.7, 109.9, 84.9, 100.8],
        "distractor camera 2 image 0": [180.4, 187.9, 197.3, 196.3],
        "junk camera 3 image 0": [140.2, 137.2, 118.4, 125.1],
    },
    "mall": {
        "person 2 camera 1 image 0": [129.9, 118.3, 96.8, 70.1],
        "person 3 camera 4 image 1": [195.1, 167.5, 164.1, 177.1],
        "distractor camera 2 image 0": [147.8, 129.8, 132.5, 130.9],
        "junk camera 3 image 0": [164.1, 147.6, 147.3, 163.9],
    },
}


@pytest.mark.parametrize("style", sorted(STYLES))
def test_the_generator_is_frozen(style):
    world, size = shot.World(0, style), (128, 64)
    crops = [
        shot.person_crop(world, 2, 1, 0, size), shot.person_crop(world, 3, 4, 1, size),
        shot.distractor_crop(world, 2, 0, size), shot.junk_crop(world, 3, 0, size),
    ]  # fmt: skip
    for (name, quarters), crop in zip(FROZEN[style].items(), crops, strict=True):
        # Another processor or Pillow may round differently, which no mean shows.
        assert np.allclose(crop.reshape(4, -1).mean(1), quarters, atol=0.5), name
    assert GENERATOR == "1"


def test_distractors_and_junk_show_something():
    world = shot.World(0, "street")
    for make in (shot.distractor_crop, shot.junk_crop):
        crop = make(world, 1, 0, (64, 32))
        assert crop.shape == (64, 32, 3) and crop.std() > 3


@pytest.mark.parametrize("cameras", [2, 3, 6, 9])
def test_every_person_passes_enough_cameras(cameras):
    config = PeopleConfig(cameras=cameras)
    seen = [cameras_of(config, pid) for pid in range(1, 60)]
    assert all(len(set(own)) == len(own) >= min(3, cameras) for own in seen)
    assert all(set(own) <= set(range(1, cameras + 1)) for own in seen)
    assert set().union(*seen) == set(range(1, cameras + 1))


def test_the_default_set_is_large_enough_to_measure_on():
    pictures = plan(PeopleConfig())
    queries = [picture for picture in pictures if picture.name.startswith("query")]
    gallery = [picture for picture in pictures if picture.name.startswith("bounding_box_test")]
    assert len(queries) >= 100 and len({picture.pid for picture in queries}) >= 40
    assert sum(picture.pid == 0 for picture in gallery) >= 0.05 * len(gallery)
    assert len({picture.name for picture in pictures}) == len(pictures)


def test_an_identical_data_set_is_kept(tiny):
    root, summary = tiny
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    again = generate_people(root, workers=1, **TINY)
    assert again == dataclasses.replace(summary, reused=True)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_other_settings_in_the_folder_are_named(tiny):
    with pytest.raises(ReIDError, match="seed 0 instead of 4"):
        generate_people(tiny[0], workers=1, **TINY, seed=4)


def test_a_changed_data_set_is_not_taken_for_the_same(tiny, tmp_path):
    root = tmp_path / "people"
    generate_people(root, workers=1, **TINY)
    next((root / "query").iterdir()).unlink()
    with pytest.raises(ReIDError, match="changed, added or lost"):
        generate_people(root, workers=1, **TINY)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ReIDError, match="holds no synthetic people"):
        generate_people(tmp_path, workers=1, **TINY)
    (tmp_path / "synthetic.json").write_text("[]")
    with pytest.raises(ReIDError, match="holds no synthetic people"):
        generate_people(tmp_path, workers=1, **TINY)
    with pytest.raises(ReIDError, match="is a file"):
        generate_people(tmp_path / "thesis.txt", workers=1, **TINY)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_an_empty_folder_will_do(tmp_path):
    generate_people(tmp_path, workers=1, **TINY)
    assert load_dataset("market1501", tmp_path).query


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_left_when_drawing_stops_half_way(tmp_path, workers):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_people(tmp_path / "people", workers=workers, progress=interrupt, **TINY)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_every_image(tmp_path):
    told = []
    config = PeopleConfig(**TINY)
    write_people(tmp_path / "p", config, workers=1, progress=lambda *now: told.append(now))
    total = len(plan(config))
    assert told[-1] == (total, total) and [done for done, _ in told] == sorted(d for d, _ in told)


def test_the_settings_travel_with_the_images(tiny):
    root, summary = tiny
    stored = json.loads((root / "synthetic.json").read_text())
    assert stored["settings"] == {**dataclasses.asdict(PeopleConfig(**TINY)), "size": [32, 16]}
    assert stored["digest"] == summary.digest == digest(root)
    assert stored["generator"]


@pytest.mark.parametrize(
    "wrong, sentence",
    [
        ({"cameras": 1}, "cameras is 1"),
        ({"cameras": 10}, "cameras is 10"),
        ({"seed": -1}, "seed is -1"),
        ({"test_ids": 0}, "test_ids is 0"),
        ({"images_per_camera": 0}, "images_per_camera is 0"),
        ({"junk": float("nan")}, "junk is nan"),
        ({"style": "beach"}, "known are mall, street"),
        ({"size": (4, 4)}, "height and width go from 8"),
        ({"workers": 0}, "at least one process"),
    ],
)
def test_impossible_settings_get_a_sentence(tmp_path, wrong, sentence):
    with pytest.raises(ReIDError, match=sentence):
        generate_people(tmp_path / "people", **wrong)
    assert not (tmp_path / "people").exists()


def test_one_image_a_camera_leaves_nothing_to_find(tmp_path):
    with pytest.raises(ReIDError, match="images_per_camera is 1"):
        generate_people(tmp_path / "people", images_per_camera=1)


def test_a_contact_sheet_has_a_row_a_person_and_a_column_a_camera(tiny, tmp_path):
    write_contact_sheet(tmp_path / "sheet.png", tiny[0], people=4, each=2)
    with Image.open(tmp_path / "sheet.png") as sheet:
        # Three cameras of two images 16 wide, four people 32 high, gaps of 4.
        assert sheet.size == (3 * 32 + 2 * 4, 4 * 32 + 3 * 4)
    with pytest.raises(ReIDError, match="PNG or a JPEG"):
        write_contact_sheet(tmp_path / "sheet.gif", tiny[0])
