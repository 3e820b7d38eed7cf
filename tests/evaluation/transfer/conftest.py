"""One transfer evaluation for all tests that look at it."""

from types import SimpleNamespace

import pytest

from keras_reid.evaluation.transfer import (
    TransferPlan,
    query_saver,
    run_transfer,
    save_pictures,
)
from tests.evaluation.transfer.matrix import make_everybody

PLAN = TransferPlan(epsilon_255=24, pixel_shares=(0.1, 1.0), batch_size=8, examples=2)


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    generators, victims, datasets = make_everybody(folder)
    bars = []

    def progress(title, total):
        bars.append((title, total, []))
        return bars[-1][2].append

    told, pictures = run_transfer(
        generators, victims, datasets, PLAN, progress=progress,
        save=query_saver(datasets, folder / "saved"),
    )  # fmt: skip
    told["examples"] = save_pictures(pictures, datasets, folder / "images")
    told["provenance"] = {"command": "python -m trainers.evaluate_transfer"}
    return SimpleNamespace(
        told=told, folder=folder, generators=generators, victims=victims, datasets=datasets,
        bars=bars,
    )  # fmt: skip
