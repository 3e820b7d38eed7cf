"""A generator that was exported, over a folder: its records are what the export says to a call."""

import io

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

import keras  # noqa: E402

from export.bulk.backends import Attack, ServableSource  # noqa: E402
from export.bulk.run import bulk  # noqa: E402
from export.limits import Limits  # noqa: E402
from export.misrank_signature import load_generator  # noqa: E402
from export.savedmodel import export_model  # noqa: E402
from export.session import ServedModel  # noqa: E402
from keras_reid.misrank import MisrankModel  # noqa: E402
from tests.bulk.crops import records_of, write_crops  # noqa: E402
from tests.commands import assert_refused, call  # noqa: E402
from tests.export.models import SIZE, make_linear  # noqa: E402


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Version folder with attack misrank, by a generator that changes pixels by whole steps."""
    keras.utils.set_random_seed(0)
    folder = tmp_path_factory.mktemp("run")
    generator = MisrankModel(SIZE, filters=4, blocks=1, discriminator_filters=4)
    generator.perturbed(np.zeros([2, *SIZE, 3], np.float32), 8 / 255, 0, training=True)
    kernel = generator.generator.trainable_variables[-2]
    kernel.assign(200 * np.asarray(kernel))
    generator.save(str(folder / "model.keras"))
    model = make_linear()
    loaded, limits = load_generator(folder, model), Limits(epsilon=8 / 255, batch=8, pixels=200)
    return export_model(model, folder / "models", "reid", [], limits, version=1, generator=loaded)[
        0
    ]


def test_records_are_what_the_export_answers(exported, tmp_path):
    crops = write_crops(tmp_path / "crops", 6, SIZE)
    attack = Attack("misrank", epsilon_255=6.0, num_pixels=40)
    bulk(ServableSource(str(exported)), str(crops), str(tmp_path / "out"), attack=attack)
    records = records_of(tmp_path / "out")
    keys = sorted(records)
    pixels = np.stack([np.asarray(Image.open(crops / key)) for key in keys])
    with ServedModel(exported) as served:
        direct = served.run(
            "attack_misrank",
            {
                "images": pixels,
                "epsilon": np.full(6, 6 / 255, np.float32),
                "num_pixels": np.full(6, 40, np.int32),
            },
        )
    for row, key in enumerate(keys):
        adversarial = np.asarray(Image.open(io.BytesIO(records[key]["adversarial_png"])))
        np.testing.assert_array_equal(adversarial, direct["adversarial"][row])
        assert 0 < (adversarial != pixels[row]).any(axis=-1).sum() <= 40
        assert records[key]["seed"] is None and records[key]["valid"]


def test_more_pixels_than_it_may_change_are_refused(exported, tmp_path):
    command = [f"--input={write_crops(tmp_path / 'crops', 1, SIZE)}", f"--output={tmp_path}/out"]
    command += [f"--servable={exported}", "--attack=misrank", "--num_pixels=201"]
    assert_refused(call("export.bulk_embed", *command), "num_pixels of 201", "ceiling of 200")
    assert not (tmp_path / "out").exists()
