"""One running server for the tests that only ask, with models saved once."""

import pytest

from serving.server.embedded import EmbeddedServer
from serving.server.manager import ModelConfig
from serving.server.options import Limits
from serving.server.versions import All
from tests.serving.server import tiny_models
from tests.serving.server.clients import GrpcClient, RestClient


@pytest.fixture(scope="session")
def saved_models(tmp_path_factory):
    """Base paths: `demo` with versions 1 (as is) and 2 (doubled), `defaults`, `single`."""
    root = tmp_path_factory.mktemp("models")
    tiny_models.save_affine(root / "demo", 1)
    tiny_models.save_affine(root / "demo", 2, scale=2.0)
    tiny_models.save_with_defaults(root / "defaults")
    tiny_models.save_single_input(root / "single")
    return root


@pytest.fixture(scope="session")
def server(saved_models):
    models = [
        ModelConfig(
            name="demo",
            base_path=str(saved_models / "demo"),
            policy=All(),
            labels={"stable": 1, "canary": 2},
        ),
        ModelConfig(name="defaults", base_path=str(saved_models / "defaults")),
        ModelConfig(name="single", base_path=str(saved_models / "single")),
        ModelConfig(name="sp ace", base_path=str(saved_models / "single")),
    ]
    with EmbeddedServer(
        models, health_service=True, limits=Limits(rest_timeout_ms=1500)
    ) as running:
        running.wait_ready()
        yield running


@pytest.fixture(scope="session")
def grpc_client(server):
    with GrpcClient(server.grpc_address) as client:
        yield client


@pytest.fixture(scope="session")
def rest_client(server):
    return RestClient(server.rest_address)
