"""Thirty crops and an export, for tests that need Beam; `make test-beam` runs them."""

import numpy as np
import pytest
from PIL import Image

from tests.bulk.crops import write_crops
from tests.serving import fake_server


@pytest.fixture
def fake():
    """A NumPy model whose requests can be watched, delayed and refused."""
    return fake_server.FakeModel()


@pytest.fixture
def address(fake):
    with fake_server.grpc_server(fake) as address:
        yield address


@pytest.fixture
def small_crops(tmp_path):
    """A folder of twelve crops that the fake server takes."""
    return write_crops(tmp_path / "crops", 12, fake_server.SIZE)


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """Version folder of an export of a matrix with attack sma."""
    from export.limits import Limits
    from export.savedmodel import export_model
    from tests.export.models import make_linear

    limits = Limits(epsilon=8 / 255, steps=10, batch=16, encoded_bytes=20_000, push=2, pull=2)
    folder = tmp_path_factory.mktemp("bulk")
    return export_model(make_linear(), folder, "reid", ["sma"], limits, version=7)[0]


@pytest.fixture(scope="session")
def crops(tmp_path_factory):
    """(folder, {key: pixels}): 30 crops at the export's size, and four files that are no image."""
    from tests.export.models import SIZE

    folder = write_crops(tmp_path_factory.mktemp("crops"), 30, SIZE)
    known = {
        path.relative_to(folder).as_posix(): np.asarray(Image.open(path))
        for path in sorted(folder.rglob("*.png"))
    }
    whole = next(folder.rglob("*.png")).read_bytes()
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("no image")
    (folder / "cut.png").write_bytes(whole[:200])
    (folder / "long.png").write_bytes(whole + bytes(20_000))
    return folder, known
