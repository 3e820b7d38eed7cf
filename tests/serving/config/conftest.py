"""Published models for the tests of their configuration: one small export under two versions."""

import datetime
import shutil

import pytest
import trustme

from export.limits import Limits
from export.savedmodel import export_model
from tests.export.models import make_linear

MAX_BATCH = 16
PAST = {"not_before": datetime.datetime(2001, 1, 1), "not_after": datetime.datetime(2002, 1, 1)}
BATCHING = "max_batch_size { value: 16 } allowed_batch_sizes: 4 allowed_batch_sizes: 16\n"


@pytest.fixture(scope="session")
def exported_models(tmp_path_factory):
    base = tmp_path_factory.mktemp("published")
    limits = Limits(batch=MAX_BATCH)
    for folder in export_model(make_linear(), base, "reid", ["sma"], limits, version=7):
        shutil.copytree(folder, folder.with_name("9"))
    return base


@pytest.fixture
def models(exported_models, tmp_path):
    """The folder `published` with reid and reid_encoded, versions 7 and 9, to be damaged."""
    return shutil.copytree(exported_models, tmp_path / "published")


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture(scope="session")
def certificate(authority, tmp_path_factory):
    """{"key", "certificate", "client_ca"}: PEM files that belong together."""
    return write_certificate(authority, tmp_path_factory.mktemp("tls"))


def write_certificate(authority, folder, **dates):
    issued = authority.issue_cert("localhost", **dates)
    paths = {name: folder / f"{name}.pem" for name in ("key", "certificate", "client_ca")}
    issued.private_key_pem.write_to_path(paths["key"])
    issued.cert_chain_pems[0].write_to_path(paths["certificate"])
    authority.cert_pem.write_to_path(paths["client_ca"])
    return paths
