"""What a bulk run wrote, as the gallery of `python -m serving.query`."""

import numpy as np
import pytest

pytest.importorskip("apache_beam", reason="needs Apache Beam: make test-beam")

from export.bulk.backends import ServerSource  # noqa: E402
from export.bulk.run import bulk  # noqa: E402
from serving.client import ReIDClient  # noqa: E402
from serving.errors import BadRequest  # noqa: E402
from serving.gallery import open_gallery  # noqa: E402


@pytest.fixture
def output(address, small_crops, tmp_path):
    bulk(ServerSource(address), str(small_crops), str(tmp_path / "out"), shards=3)
    return tmp_path / "out"


def test_it_ranks_as_the_folder_does(address, small_crops, output):
    with ReIDClient(address) as client:
        folder = open_gallery(small_crops, client, "reid")
        written = open_gallery(output, client, "reid")
    query = folder.embeddings[4] + 0.01
    here, there = folder.nearest(query, 12), written.nearest(query, 12)
    assert [path.removeprefix(f"{small_crops}/") for path, _ in here] == [path for path, _ in there]
    np.testing.assert_allclose([far for _, far in here], [far for _, far in there], rtol=1e-6)


def test_that_of_another_model_is_refused(fake, address, output):
    fake.description["model_fingerprint"] = "m2"
    with ReIDClient(address) as client, pytest.raises(BadRequest, match="another model \\(m1\\)"):
        open_gallery(output, client, "reid")


@pytest.mark.parametrize("harm", ["missing", "cut"])
def test_a_damaged_one_is_refused(address, output, harm):
    file = next(output.glob("*.parquet"))
    if harm == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:100])
    with ReIDClient(address) as client, pytest.raises(BadRequest, match="2 of 3 files|is damaged"):
        open_gallery(output, client, "reid")
