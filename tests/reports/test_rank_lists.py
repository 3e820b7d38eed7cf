"""Rank lists: what is shown before and after, and the change that is magnified."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from keras_reid.errors import ReIDError
from keras_reid.reports import rank_lists
from keras_reid.reports.rank_lists import perturbation
from tests.reports import samples


def pixels(tile):
    return np.asarray(Image.open(io.BytesIO(tile.encoded)).convert("RGB"))


def test_before_and_after_of_one_query(tmp_path):
    (found,) = rank_lists([samples.entry(tmp_path)])
    before, after = found.lanes
    assert found.title == "Person 7, seen by camera 1"
    assert [place.kind for place in before.places] == ["match", "distractor", "stranger"]
    assert [place.kind for place in after.places] == ["stranger", "stranger", "distractor"]
    assert [tile.label for tile in after.probes] == ["adversarial", "change ×25"]


def test_the_adversarial_query_is_shown_bit_for_bit(tmp_path):
    entry = samples.entry(tmp_path)
    (found,) = rank_lists([entry])
    adversarial, change = found.lanes[1].probes
    saved = np.asarray(Image.open(entry["adversarial"]))
    np.testing.assert_array_equal(pixels(adversarial), saved)
    clean = np.asarray(Image.open(entry["query"]["path"]))
    np.testing.assert_array_equal(pixels(change), perturbation(clean, saved)[0])


def test_an_adversarial_image_that_was_not_saved_is_left_out(tmp_path):
    for entry in (
        samples.entry(tmp_path, 1, saved=False),
        samples.entry(tmp_path, 2) | {"adversarial": None},
    ):
        (found,) = rank_lists([entry])
        assert [tile.label for tile in found.lanes[1].probes] == ["query"]


def test_only_the_nearest_are_shown(tmp_path):
    (found,) = rank_lists([samples.entry(tmp_path)], places=2)
    assert [len(lane.places) for lane in found.lanes] == [2, 2]


def test_a_large_image_becomes_a_tile(tmp_path):
    entry = samples.entry(tmp_path)
    Image.new("L", (600, 1200)).save(entry["clean"][0]["path"])
    (found,) = rank_lists([entry])
    assert pixels(found.lanes[0].places[0].tile).shape == (192, 96, 3)


def test_a_missing_image_is_named(tmp_path):
    entry = samples.entry(tmp_path)
    entry["clean"][0]["path"] = str(tmp_path / "gone.png")
    with pytest.raises(ReIDError, match="gone.png"):
        rank_lists([entry])


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(0, 127))
def test_the_magnified_change_can_be_undone(seed, size):
    rng = np.random.default_rng(seed)
    clean = rng.integers(0, 256, (4, 2, 3), np.uint8)
    adversarial = np.clip(clean + rng.integers(-size, size + 1, clean.shape), 0, 255)
    adversarial = adversarial.astype(np.uint8)
    shown, factor = perturbation(clean, adversarial)
    change = adversarial.astype(int) - clean
    np.testing.assert_array_equal((shown.astype(int) - 128) / factor, change)


def test_a_change_of_half_the_range_and_more_is_shown_as_it_is():
    black, white = np.zeros([1, 1, 3], np.uint8), np.full([1, 1, 3], 255, np.uint8)
    shown, factor = perturbation(black, white)
    assert factor == 1 and (shown == 255).all()


def guided(folder):
    """An entry of a robustness evaluation: five of eleven guides pushed, one pulled."""
    entry = samples.entry(folder, attack="fna")
    people = [{key: row[key] for key in ("path", "pid", "camid")} for row in entry["clean"]]
    return entry | {
        "attacked_side": "query",
        "guide_source": "train",
        "guides": {"push": people[:1] * 5, "pushes": 11, "pull": people[2:], "pulls": 1},
    }


def test_guides_are_shown_by_direction_and_counted(tmp_path):
    (found,) = rank_lists([guided(tmp_path)])
    before, after = found.lanes
    assert before.guides == () and after.name == "After fna, train guides, epsilon 5/255"
    push, pull = after.guides
    assert (push.kind, push.name) == ("push", "pushed away from: 5 of 11 shown")
    assert (pull.kind, pull.name) == ("pull", "pulled towards: 1 of 1 shown")
    assert {tile.alt for tile in push.tiles} == {
        "guide, pushed away from: person 7, camera 2"
    } and len(push.tiles) == 5
    assert [tile.label for tile in pull.tiles] == ["8 · c2"]


def test_an_attack_on_the_gallery_says_so_and_shows_the_query_as_it_was(tmp_path):
    entry = guided(tmp_path) | {"attacked_side": "gallery", "adversarial": None, "guides": {}}
    (found,) = rank_lists([entry | {"guide_source": "gallery"}])
    after = found.lanes[1]
    assert after.name == "After fna, gallery attacked, epsilon 5/255" and after.guides == ()
    assert [tile.label for tile in after.probes] == ["query"]
