import pytest

from export.limits import Limits
from export.savedmodel import export_model
from export.session import ServedModel
from keras_reid.attacks import ATTACKS
from tests.export.models import make_model

LIMITS = Limits(
    epsilon=8 / 255, steps=10, batch=16, encoded_bytes=20_000, encoded_pixels=10_000, push=3, pull=2
)


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def exported(model, tmp_path_factory):
    """(version folder, encoded version folder) with every attack."""
    base = tmp_path_factory.mktemp("models")
    return export_model(model, base, "reid", list(ATTACKS), LIMITS, version=7)


@pytest.fixture(scope="session")
def served(exported):
    with ServedModel(exported[0]) as opened:
        yield opened


@pytest.fixture(scope="session")
def served_encoded(exported):
    with ServedModel(exported[1]) as opened:
        yield opened
