"""docs/client.md: its examples run, and it tells of every error and method."""

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from serving import errors, retries
from serving.client import ReIDClient
from serving.credential_flags import TOKEN_VARIABLE
from serving.face import KEEPALIVE_SECONDS, MAX_IN_FLIGHT
from tests.serving import fake_server
from tests.serving.fake_server import SIZE

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("index", range(len(EXAMPLES)))
def test_examples_run(index, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros([*SIZE, 3], np.uint8)).save(name)
    with fake_server.grpc_server(fake_server.FakeModel()) as address:
        exec(EXAMPLES[index].replace("localhost:8500", address), {})
    assert ("(2, 5)" in capsys.readouterr().out) == ("ReIDClient" in EXAMPLES[index])


def test_every_error_and_every_method_is_told():
    for name, _ in inspect.getmembers(errors, inspect.isclass):
        assert re.search(rf"`(serving.errors.)?{name}`", PAGE), name
    for name, _ in inspect.getmembers(ReIDClient, inspect.isfunction):
        assert name.startswith("_") or name == "close" or re.search(rf"`{name}\(", PAGE), name


def test_its_numbers_are_the_codes():
    assert f"max_in_flight={MAX_IN_FLIGHT}" in PAGE and f"keepalive={KEEPALIVE_SECONDS:g}" in PAGE
    assert f"{retries.FIRST_SECONDS:g} to {retries.LONGEST_SECONDS:g} seconds" in PAGE
    assert retries.ATTEMPTS == 5 and "five attempts" in PAGE
    assert f"when {retries.MAX_TOKENS // 2} more calls failed" in PAGE
    assert f"`{TOKEN_VARIABLE}`" in PAGE
