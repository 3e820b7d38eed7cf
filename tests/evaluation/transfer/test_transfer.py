"""The matrix against the ordinary evaluation of its saved images; kinship, curves, files."""

import csv
import dataclasses
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_reid.data import Record, load_dataset
from keras_reid.errors import ReIDError
from keras_reid.evaluation.clean import EvaluationPlan, run_evaluation
from keras_reid.evaluation.plan import AttackPlan, run_plan
from keras_reid.evaluation.transfer import TransferPlan, query_saver, run_transfer, write_cells
from keras_reid.evaluation.transfer.notes import unknown_kin
from keras_reid.evaluation.transfer.plan import check_sides, kinship
from keras_reid.evaluation.transfer.quality import QualityMeter
from keras_reid.losses import ms_ssim


def cell(found, generator, victim, data=0):
    wanted = {"generator": generator, "victim": victim, "data": data}
    (one,) = (c for c in found.told["cells"] if wanted.items() <= c.items())
    return one


@pytest.mark.parametrize("generator,victim", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_cell_is_what_the_evaluation_says_of_its_images(found, tmp_path, generator, victim):
    (tmp_path / "query").mkdir()
    for path in (found.folder / "saved" / f"{generator}_0" / "query").iterdir():
        row, _, name = path.name.partition("_")
        assert found.datasets[0].query[int(row)].path.endswith(f"/{name[:-4]}.jpg")
        shutil.copy(path, tmp_path / "query" / name)
    for split in ("bounding_box_test", "bounding_box_train"):
        shutil.copytree(found.folder / "a" / split, tmp_path / split)
    attacked = load_dataset("market1501", str(tmp_path))
    assert len(attacked.query) == len(found.datasets[0].query)
    model = found.victims[victim]
    expected, _ = run_evaluation(model, attacked, EvaluationPlan(batch_size=8))
    clean, _ = run_evaluation(model, found.datasets[0], EvaluationPlan(batch_size=8))
    one = cell(found, generator, victim)
    assert one["attacked"] == pytest.approx(expected["figures"], abs=1e-6)
    assert one["clean"] == pytest.approx(clean["figures"], abs=1e-6)
    assert one["attacked"]["mean_ap"] < one["clean"]["mean_ap"]
    assert one["resized"] == (generator != victim)


def test_noise_is_that_of_the_attack_command(found):
    plan = AttackPlan(attacks=("noise", "sign_noise"), epsilons=(24 / 255,), batch_size=8)
    rows = run_plan(found.victims[0], found.datasets[0], plan)["rows"]
    one = cell(found, 0, 0)
    for row in rows:
        assert one[row["attack"]]["mean_ap"] == pytest.approx(row["mean_ap"], abs=1e-6)


def test_every_pair_is_there_once_and_says_its_kinship(found):
    kinds = {(c["generator"], c["victim"], c["data"]): c["kinship"] for c in found.told["cells"]}
    assert kinds == {
        (0, 0, 0): "own", (0, 1, 0): "cross-model", (0, 0, 1): "cross-dataset", (0, 1, 1): "both",
        **{(1, victim, data): "unknown" for victim in (0, 1) for data in (0, 1)},
    }  # fmt: skip
    assert len(found.told["cells"]) == 8
    notes = " ".join(found.told["notes"])
    assert "runs/large takes crops of 32x16" in notes and "does not say" in notes


def test_a_generator_that_says_half_is_of_unknown_kin(found):
    half = dataclasses.replace(found.generators[0], trained_on={"victim_fingerprint": "c" * 16})
    assert kinship(half, found.victims[0], found.datasets[0]) == "unknown"


@pytest.mark.parametrize(
    "changes,kin",
    [
        ({}, "own"),
        ({"fingerprint": "e" * 16}, "cross-model"),
        ({"fingerprint": "e" * 16, "kind": "torch"}, "cross-model"),
        # An export's variables are hashed in another order; what it tells of itself counts.
        ({"fingerprint": "e" * 16, "kind": "saved_model", "origin": "c" * 16}, "own"),
        ({"fingerprint": "e" * 16, "kind": "saved_model", "origin": "d" * 16}, "cross-model"),
        ({"fingerprint": "e" * 16, "kind": "saved_model"}, "unknown"),
        ({"fingerprint": "e" * 16, "kind": "function"}, "unknown"),
        ({"kind": "saved_model", "origin": "d" * 16}, "own"),
    ],
)
def test_the_same_weights_are_known_in_another_container(found, changes, kin):
    victim = dataclasses.replace(found.victims[0], **changes)
    generator, dataset = found.generators[0], found.datasets[0]
    assert kinship(generator, victim, dataset) == kin
    target = SimpleNamespace(victim=victim)
    told = " ".join(unknown_kin([generator], [target]))
    assert ("runs/narrow does not say which weights" in told) == (kin == "unknown")


def test_a_victim_named_twice_is_one_place(found, tmp_path):
    def placed(source, kind="keras"):
        return dataclasses.replace(found.victims[0], source=str(source), kind=kind)

    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.keras").touch()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    first = placed(tmp_path / "a", "workdir")
    sides = found.generators, found.datasets
    # The same weights in two places may be compared.
    check_sides(sides[0], [first, placed(tmp_path / "b", "workdir"), placed("a:b")], sides[1])
    for second in (
        placed(f"{tmp_path}/a/", "workdir"),
        placed(f"{tmp_path}/b/../a", "workdir"),
        placed(tmp_path / "link", "workdir"),
        placed(tmp_path / "a" / "model.keras"),
    ):
        with pytest.raises(ReIDError, match="a victim is named twice"):
            check_sides(sides[0], [first, second], sides[1])


def test_saved_queries_of_one_name_in_two_folders_are_both_kept(tmp_path):
    query = [Record(path=f"{place}/0001.jpg", pid=1, camid=1, split="query") for place in "ab"]
    save = query_saver([SimpleNamespace(query=query)], tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 2, 3), dtype=np.uint8)
    save(3, 0, np.array([0, 1]), pixels)
    for row in (0, 1):
        path = tmp_path / "3_0" / "query" / f"00000{row}_0001.png"
        np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels[row])


def test_the_curve_ends_where_the_matrix_is(found):
    (curve,) = found.told["curves"]
    assert (curve["generator"], curve["victim"], curve["data"]) == (0, 0, 0)
    few, everything = curve["points"]
    assert (few["num_pixels"], everything["num_pixels"]) == (19, 192)
    assert few["most_pixels"] <= 19 and few["ms_ssim"] > everything["ms_ssim"]
    assert everything["mean_ap"] == cell(found, 0, 0)["attacked"]["mean_ap"]
    assert few["mean_ap"] > everything["mean_ap"]


def test_the_change_is_measured_on_what_was_saved(found):
    clean, attacked = [], []
    for path in sorted((found.folder / "saved" / "1_0" / "query").iterdir()):
        attacked.append(np.asarray(Image.open(path)))
        source = found.folder / "a" / "query" / f"{path.stem[7:]}.jpg"
        whole = tf.io.decode_jpeg(source.read_bytes())
        resized = tf.image.resize(whole, attacked[-1].shape[:2], antialias=True)
        clean.append(np.round(resized.numpy()).astype(np.uint8))
    clean, attacked = np.stack(clean), np.stack(attacked)
    change = attacked.astype(int) - clean
    (told,) = (q for q in found.told["quality"] if (q["generator"], q["data"]) == (1, 0))
    assert told["linf_255"] == np.abs(change).max() == 24
    pixels = change.any(axis=-1).reshape(len(change), -1)
    assert told["most_pixels"] == pixels.sum(axis=1).max() <= 256
    assert told["changed_pixels"] == pytest.approx(pixels.mean())
    similar = ms_ssim(clean / np.float32(255), attacked / np.float32(255))
    assert told["ms_ssim"] == pytest.approx(np.mean(similar), abs=1e-5)
    assert told["psnr"] == pytest.approx(np.mean(tf.image.psnr(clean, attacked, 255)), abs=1e-3)


def test_an_unchanged_image_has_no_noise_to_measure():
    pixels = np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8)
    meter = QualityMeter()
    meter.add(pixels, pixels)
    told = meter.result()
    assert told["psnr"] is None and told["linf_255"] == told["most_pixels"] == 0
    assert told["ms_ssim"] == pytest.approx(1, abs=1e-5)


def test_pictures_show_the_change_ten_times(found):
    assert len(found.told["examples"]) == 2 * 2 * 2
    shown = found.told["examples"][0]["pictures"]
    clean, change, mask, adversarial = (
        np.asarray(Image.open(shown[kind])).astype(int)
        for kind in ("clean", "perturbation_x10", "mask", "adversarial")
    )
    np.testing.assert_array_equal(change, np.clip(128 + 10 * (adversarial - clean), 0, 255))
    assert (mask == 255).all()


def test_the_bar_reaches_its_end(found):
    title, total, steps = found.bars[-1]
    assert "attacks" in title and steps[-1] == total and steps == sorted(steps)


def test_the_table_of_cells_holds_the_figures(found, tmp_path):
    write_cells(tmp_path / "t.csv", json.loads(json.dumps(found.told)))
    with open(tmp_path / "t.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    (own,) = (row for row in rows if row["kinship"] == "own")
    figures = cell(found, 0, 0)
    assert float(own["attacked_rank1"]) == pytest.approx(figures["attacked"]["rank1"], abs=1e-6)
    assert float(own["sign_noise_mean_ap"]) == pytest.approx(
        figures["sign_noise"]["mean_ap"], abs=1e-6
    )
    assert own["linf_255"] == "24" and len({row["data"] for row in rows}) == 2


@pytest.mark.parametrize(
    "without,words",
    [(0, "no generator"), (1, "no victim"), (2, "no data set")],
)
def test_nobody_to_attack_gets_a_sentence(found, without, words):
    sides = [found.generators, found.victims, found.datasets]
    sides[without] = []
    with pytest.raises(ReIDError, match=words):
        run_transfer(*sides, TransferPlan())
    with pytest.raises(ReIDError, match="named twice"):
        run_transfer(found.generators * 2, found.victims, found.datasets, TransferPlan())


@pytest.mark.parametrize(
    "settings,words",
    [
        ({"epsilon_255": 256}, "between 0 and 255"),
        ({"epsilon_255": -1}, "between 0 and 255"),
        ({"pixel_shares": (0.5, 1.2)}, "not 1.2"),
        ({"examples": -1}, "-1 examples"),
    ],
)
def test_plans_that_make_no_sense_get_a_sentence(settings, words):
    with pytest.raises(ReIDError, match=words):
        TransferPlan(**settings)
