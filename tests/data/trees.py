"""Small data sets in exactly the layout of the real downloads."""

import io

import h5py
import numpy as np
import scipy.io
from PIL import Image


def pixels(seed, height=16, width=8):
    """uint8 [height, width, 3], the same for the same seed."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def encoded(seed, kind="JPEG", **size):
    """Bytes of a small image."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(seed, **size)).save(buffer, kind)
    return buffer.getvalue()


def write_images(folder, names, first_seed=0):
    """One small JPEG (or PNG, by suffix) a name, each of other content."""
    for offset, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = "PNG" if path.suffix == ".png" else "JPEG"
        path.write_bytes(encoded(first_seed + offset, kind))


MARKET_TRAIN = [
    "0002_c1s1_000451_03.jpg", "0002_c2s1_000301_01.jpg", "0002_c3s1_000776_01.jpg",
    "0007_c1s6_028546_01.jpg", "0007_c2s3_070952_01.jpg",
    "0010_c6s4_002427_02.jpg",
]  # fmt: skip
MARKET_QUERY = ["0001_c1s1_001051_00.jpg", "0003_c2s1_000151_00.jpg"]
MARKET_GALLERY = [
    "-1_c1s1_000401_03.jpg", "0000_c1s1_000151_01.jpg", "0000_c4s2_000151_02.jpg",
    "0001_c1s1_001101_01.jpg", "0001_c2s1_001976_01.jpg", "0003_c4s6_015641_01.jpg",
]  # fmt: skip


def market1501(root):
    """Three training people, two queries with a match each, two distractors, one junk."""
    write_images(root / "bounding_box_train", MARKET_TRAIN, 100)
    write_images(root / "query", MARKET_QUERY, 200)
    write_images(root / "bounding_box_test", MARKET_GALLERY, 300)
    for folder in ("bounding_box_train", "query", "bounding_box_test"):
        (root / folder / "Thumbs.db").write_bytes(b"as in the real download")
    return root


def msmt17(root, release="V1"):
    """Two people in each part, both numbered from 0, as in the release."""
    train, test = {"V1": ("train", "test"), "V2": ("mask_train_v2", "mask_test_v2")}[release]
    lists = {
        "list_train.txt": (train, ["0000/0000_000_01_0303morning_0015_0.jpg 0",
                                   "0000/0000_001_14_0303noon_0215_1.jpg 0",
                                   "0001/0001_000_05_0303morning_0115_0.jpg 1"]),
        "list_val.txt": (train, ["0001/0001_010_03_0303afternoon_0115_2.jpg 1"]),
        "list_query.txt": (test, ["0000/0000_002_02_0303morning_0015_0.jpg 0"]),
        "list_gallery.txt": (test, ["0000/0000_005_07_0113noon_1015_0.jpg 0",
                                    "0001/0001_000_12_0303noon_0915_1.jpg 1"]),
    }  # fmt: skip
    for number, (name, (folder, lines)) in enumerate(lists.items()):
        write_images(root / folder, [line.split()[0] for line in lines], 1000 + 10 * number)
        (root / name).write_text("".join(line + "\n" for line in lines))
    return root


def cuhk03_pixels(pair, person, number):
    """uint8 [height, width, 3] of one cell of `cuhk03`."""
    return pixels(10000 * pair + 100 * person + number, height=20 + number, width=9)


# (pair, person, number of the image): the last person has no image in the second view.
CUHK03_CELLS = [(1, 1, 1), (1, 1, 6), (1, 2, 1), (1, 2, 7), (2, 1, 1), (2, 1, 6), (2, 1, 10)]


def cuhk03(root, images="detected"):
    """`cuhk-03.mat` with MATLAB 7.3's cells of references, and both new-protocol configs."""
    root.mkdir(parents=True, exist_ok=True)
    with h5py.File(root / "cuhk-03.mat", "w") as file:
        cells = file.create_group("#refs#")
        for name in ("detected", "labeled"):
            pairs = [_camera_pair(file, cells, f"{name}{pair}", pair) for pair in (1, 2)]
            # MATLAB's 5 x 1 shows as 1 x 5.
            file.create_dataset(name, data=np.array([pairs], h5py.ref_dtype), dtype=h5py.ref_dtype)
        testset = cells.create_dataset("testset", data=np.array([[1.0], [2.0]]))  # pair, person
        file.create_dataset(
            "testsets", data=np.array([[testset.ref]], h5py.ref_dtype), dtype=h5py.ref_dtype
        )
    for name in ("detected", "labeled"):
        _cuhk03_config(root / f"cuhk03_new_protocol_config_{name}.mat")
    return root


def _camera_pair(file, cells, prefix, pair):
    people = max(person for p, person, _ in CUHK03_CELLS if p == pair)
    references = np.empty((10, people), h5py.ref_dtype)  # people x 10, transposed
    for person in range(1, people + 1):
        for number in range(1, 11):
            name = f"{prefix}_{person}_{number}"
            if (pair, person, number) in CUHK03_CELLS:
                cell = cells.create_dataset(name, data=cuhk03_pixels(pair, person, number).T)
            else:  # MATLAB stores an empty array as its size
                cell = cells.create_dataset(name, data=np.zeros(2, np.uint64))
                cell.attrs["MATLAB_empty"] = np.uint8(1)
            references[number - 1, person - 1] = cell.ref
    return cells.create_dataset(prefix, data=references, dtype=h5py.ref_dtype).ref


def _cuhk03_config(path):
    names = [f"{a}_{b:03d}_{1 if c <= 5 else 2}_{c:02d}.png" for a, b, c in CUHK03_CELLS]
    filelist = np.empty((len(names), 1), object)
    filelist[:, 0] = names
    column = lambda values: np.array(values, np.float64)[:, None]  # noqa: E731
    scipy.io.savemat(path, {
        "filelist": filelist,
        "labels": column([1, 1, 2, 2, 3, 3, 3]),
        "camId": column([1, 2, 1, 2, 1, 2, 2]),
        "train_idx": column([1, 2, 3, 4]),
        "query_idx": column([5]),
        "gallery_idx": column([6, 7]),
    })  # fmt: skip


def table(root, rows, header="path,pid,camid,split"):
    """A CSV of such rows, with the images it names."""
    root.mkdir(parents=True, exist_ok=True)
    write_images(root, list(dict.fromkeys(row.split(",")[0] for row in rows)), 5000)
    path = root / "people.csv"
    path.write_text("".join(line + "\n" for line in [header, *rows]))
    return path
