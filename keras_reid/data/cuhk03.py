"""CUHK03 in the new protocol (767 people to train on, 700 to test on).

The split comes from `cuhk03_new_protocol_config_{detected,labeled}.mat`; the pixels lie in
`cuhk-03.mat`, a MATLAB 7.3 file, and are written out as PNG once, or lie there already.
"""

import re
from pathlib import Path

import h5py
import numpy as np
import scipy.io
from PIL import Image

from keras_reid.data.folders import locate, require_files
from keras_reid.data.records import Dataset, Record
from keras_reid.errors import ReIDError
from keras_reid.files import aside

DETECTED, LABELED = "detected", "labeled"
_NAME = re.compile(r"(\d+)_(\d+)_(\d+)_(\d+)\.png")
_PIXELS = ("cuhk-03.mat", "cuhk03_release/cuhk-03.mat")


def load_cuhk03(root, images=DETECTED, extract_to=None, progress=None):
    """Reads CUHK03, extracting its images on first use.

    Args:
      root: folder with the config file and either `cuhk-03.mat` or the extracted images.
      images: "detected" or "labeled": whose bounding boxes.
      extract_to: folder of the extracted PNG files, `<root>/images_<images>` if None.
      progress: called with (done, total) camera pairs while extracting.
    """
    if images not in (DETECTED, LABELED):
        raise ReIDError(f"CUHK03 has {DETECTED} and {LABELED} images, not {images!r}")
    config = f"cuhk03_new_protocol_config_{images}.mat"
    root = locate(root, [config], nested=("cuhk03",))
    folder = Path(extract_to) if extract_to else root / f"images_{images}"
    if not folder.is_dir():
        extract(_pixel_file(root, folder), images, folder, progress)
    records = _read_split(root / config, folder)
    require_files(records, root / config)
    return Dataset.from_records("cuhk03", root, records)


def _pixel_file(root, folder):
    for name in _PIXELS:
        if (root / name).is_file():
            return root / name
    raise ReIDError(
        f"the data folder {root} has neither {_PIXELS[0]} nor extracted images {folder}"
    )


def _read_split(path, folder):
    try:
        config = scipy.io.loadmat(path)
        names = [str(cell.item()) for cell in config["filelist"].flatten()]
        labels = config["labels"].flatten().astype(np.int64)
        # MATLAB counts from 1.
        index = {
            split: config[f"{split}_idx"].flatten().astype(np.int64) - 1
            for split in ("train", "query", "gallery")
        }
        labels += 1 - labels.min()  # person 0 would be a distractor
        return [
            Record(str(folder / names[row]), int(labels[row]), camera(names[row]), split)
            for split, rows in index.items()
            for row in rows
        ]
    except ReIDError:
        raise
    # scipy tells a damaged file in many ways.
    except Exception as error:
        raise ReIDError(f"{path} is not CUHK03's new-protocol config: {error}") from error


def camera(name):
    """`2_041_1_03.png` -> 3: pair 2 holds cameras 3 and 4, and this is its first view."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ReIDError(f"the name {name} does not parse; expected PAIR_PERSON_VIEW_IMAGE.png")
    pair, view = int(match[1]), int(match[3])
    return 2 * (pair - 1) + view


def extract(path, images, folder, progress=None):
    """Writes every image of `cuhk-03.mat` as `PAIR_PERSON_VIEW_IMAGE.png`, whole folder or nothing.

    `/detected` and `/labeled` are 5 x 1 cells, one a camera pair, each people x 10 cells of
    images (five a view, absent ones empty). HDF5 shows everything transposed.
    """
    with aside(folder) as draft:
        draft.mkdir()
        try:
            with h5py.File(path, "r") as file:
                pairs = file[images][()].flatten()
                for pair, reference in enumerate(pairs, 1):
                    for name, pixels in _images_of(file, file[reference][()].T, pair):
                        _write_png(draft / name, pixels)
                    if progress:
                        progress(pair, len(pairs))
        except (OSError, KeyError, ValueError) as error:
            raise ReIDError(
                f"cannot take CUHK03's {images} images out of {path}: {error}"
            ) from error


def _images_of(file, cells, pair):
    """Yields (name, uint8 [height, width, 3]) of one camera pair."""
    for person, row in enumerate(cells, 1):
        for number, reference in enumerate(row, 1):
            pixels = file[reference]
            if pixels.ndim == 3:  # an empty cell is stored as its size, a vector
                view = 1 if number <= 5 else 2
                yield f"{pair}_{person:03d}_{view}_{number:02d}.png", pixels[()].T


def _write_png(path, pixels):
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, compress_level=1)
