import numpy as np
import pytest
from PIL import Image

from keras_reid.data import load_dataset
from keras_reid.data.cuhk03 import camera
from keras_reid.errors import ReIDError
from tests.data import trees


@pytest.mark.parametrize("images", ["detected", "labeled"])
def test_the_new_protocol_is_read_from_the_original_files(tmp_path, images):
    dataset = load_dataset("cuhk03", trees.cuhk03(tmp_path), images=images)
    # A camera pair has two cameras of its own: pair 1 has 1 and 2, pair 2 has 3 and 4.
    assert [(r.pid, r.camid) for r in dataset.train] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert [(r.pid, r.camid) for r in dataset.query] == [(3, 3)]
    assert [(r.pid, r.camid) for r in dataset.gallery] == [(3, 4), (3, 4)]
    assert f"images_{images}" in dataset.train[0].path


def test_extracted_pixels_are_those_of_the_cells_untransposed(tmp_path):
    dataset = load_dataset("cuhk03", trees.cuhk03(tmp_path))
    records = dataset.train + dataset.query + dataset.gallery
    assert len(records) == len(trees.CUHK03_CELLS)
    for record, cell in zip(records, trees.CUHK03_CELLS, strict=True):
        with Image.open(record.path) as image:
            np.testing.assert_array_equal(np.asarray(image), trees.cuhk03_pixels(*cell))


def test_extracted_images_need_no_pixel_file(tmp_path):
    first = load_dataset("cuhk03", trees.cuhk03(tmp_path))
    (tmp_path / "cuhk-03.mat").unlink()
    assert load_dataset("cuhk03", tmp_path) == first


def test_extraction_goes_where_it_is_told(tmp_path):
    told = []
    dataset = load_dataset(
        "cuhk03",
        trees.cuhk03(tmp_path / "read_only"),
        extract_to=tmp_path / "scratch",
        progress=lambda *done: told.append(done),
    )
    assert dataset.train[0].path.startswith(str(tmp_path / "scratch"))
    assert told == [(1, 2), (2, 2)]


def test_a_broken_pixel_file_leaves_nothing_behind(tmp_path):
    trees.cuhk03(tmp_path)
    pixel_file = tmp_path / "cuhk-03.mat"
    pixel_file.write_bytes(pixel_file.read_bytes()[:3000])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(
        ReIDError, match="cannot take CUHK03's detected images out of .*cuhk-03.mat"
    ):
        load_dataset("cuhk03", tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_missing_pieces_are_named(tmp_path):
    with pytest.raises(ReIDError, match="lacks cuhk03_new_protocol_config_detected.mat"):
        load_dataset("cuhk03", tmp_path)
    trees.cuhk03(tmp_path)
    (tmp_path / "cuhk-03.mat").unlink()
    with pytest.raises(ReIDError, match="neither cuhk-03.mat nor extracted images"):
        load_dataset("cuhk03", tmp_path)
    with pytest.raises(ReIDError, match="detected and labeled images, not 'drawn'"):
        load_dataset("cuhk03", tmp_path, images="drawn")


def test_a_broken_config_is_named(tmp_path):
    trees.cuhk03(tmp_path)
    (tmp_path / "cuhk03_new_protocol_config_detected.mat").write_bytes(b"not MATLAB at all")
    with pytest.raises(ReIDError, match="is not CUHK03's new-protocol config"):
        load_dataset("cuhk03", tmp_path)


def test_a_name_that_does_not_parse_is_named():
    assert camera("5_012_2_06.png") == 10
    with pytest.raises(ReIDError, match="the name person.png does not parse"):
        camera("person.png")
