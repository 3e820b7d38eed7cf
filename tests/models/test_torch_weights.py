"""Checkpoints of PyTorch: read to the last bit, or refused in a sentence; never run."""

import io
import os
import pickle
import pickletools
import struct
import time
import tracemalloc
import zipfile
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_reid.errors import ReIDError
from keras_reid.models import torch_tensors
from keras_reid.models.torch_names import Inert
from keras_reid.models.torch_pickle import read_pickle
from keras_reid.models.torch_weights import is_torch_file, read_torch_weights
from tests.models.torch_files import WRITERS, row_bytes, zip_bytes

ARRAYS = {
    "module.conv.weight": np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)),
    "module.conv.bias": np.float64([1.5, -2]),
    "module.half": np.float16([[0.5]]),
    "module.num_batches_tracked": np.int64(7),
    "module.none": np.zeros((0, 3), np.float32),
}
FILES = {name: write(ARRAYS) for name, write in WRITERS.items()}


def read(contents, path):
    path.write_bytes(contents)
    return read_torch_weights(path)


def refusal(contents, path):
    with pytest.raises(ReIDError) as caught:
        read(contents, path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    return str(caught.value)


def same(read, arrays=ARRAYS):
    assert list(read) == [name.removeprefix("module.") for name in arrays]
    for name, array in arrays.items():
        got = read[name.removeprefix("module.")]
        assert got.dtype == array.dtype
        np.testing.assert_array_equal(got, array)
    return True


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("torch") / "weights.pth"


@pytest.mark.parametrize("kind", WRITERS)
class TestBothContainers:
    def test_every_array_comes_back(self, kind, path):
        same(read(FILES[kind], path))

    def test_a_training_checkpoint_holds_the_state_dict(self, kind, path):
        contents = WRITERS[kind](
            ARRAYS, lambda tensors: {"state_dict": tensors, "epoch": 3, "rank1": 0.5, 7: [None]}
        )
        same(read(contents, path))

    def test_what_else_torchreid_saves_is_left_alone(self, kind, path):
        moments = {"step": np.float32(9), "exp_avg": np.float16([1, 2]), "first": np.float64([3])}

        def checkpoint(tensors):
            moved = {name: tensors.pop(name) for name in moments}
            return {
                "state_dict": tensors,
                "epoch": 60,
                "rank1": np.float32(0.9),
                "optimizer": {
                    "state": {0: moved, 140_000_000_000_000: {}},
                    "param_groups": [
                        {"lr": np.float64(3e-4), "betas": (0.9, 0.999), "params": [0]}
                    ],
                },
                "scheduler": {"milestones": Counter({20: 1, 40: 1}), "base_lrs": [3e-4]},
                "by tensor": defaultdict(list, {moved["first"]: [np.arange(3)]}),
            }

        same(read(WRITERS[kind]({"first": 0, **ARRAYS, **moments}, checkpoint), path))

    @pytest.mark.parametrize("function", [os.system, eval, getattr, print, pickle.loads])
    def test_code_in_the_optimizer_is_refused_called_or_not(self, kind, path, function):
        class Call:
            def __reduce__(self):
                return function, ("touch " + str(path) + ".made",)

        # What a defaultdict makes its values with is called by whoever asks it for one.
        for code in (Call(), function, defaultdict(function)):
            contents = WRITERS[kind](
                ARRAYS, lambda tensors, x=code: {"state_dict": tensors, "optimizer": {"state": [x]}}
            )
            sentence = refusal(contents, path)
            assert "is a pickle that contains code (" in sentence
            assert f".{function.__name__})" in sentence
        assert not os.path.exists(str(path) + ".made")

    def test_what_is_left_alone_is_no_tensor(self, kind, path):
        for foreign in (np.float32(1), Counter({"a": 1}), np.dtype("f4")):
            for wrap in (
                lambda tensors, x=foreign: {**tensors, "a": x},
                lambda tensors, x=foreign: {"state_dict": {**tensors, "a": x}},
                lambda tensors, x=foreign: {"state_dict": x, "others": tensors},
            ):
                sentence = refusal(WRITERS[kind](ARRAYS, wrap), path)
                assert "which is no tensor of a state dict" in sentence

        def shaped(tensors):
            tensors["module.half"].description = (
                *tensors["module.half"].description[:2],
                *[foreign] * 4,
            )
            return tensors

        assert "does not lie within" in refusal(WRITERS[kind](ARRAYS, shaped), path)

    def test_code_is_named_and_never_run(self, kind, path):
        class Evil:
            def __reduce__(self):
                return os.mkdir, (str(path) + ".made",)

        contents = WRITERS[kind](ARRAYS, lambda tensors: {"state_dict": tensors, "x": Evil()})
        assert "a pickle that contains code (posix.mkdir)" in refusal(contents, path)
        assert not os.path.exists(str(path) + ".made")

    def test_what_is_no_state_dict_is_told(self, kind, path):
        assert "holds no state dict" in refusal(WRITERS[kind]({}), path)
        assert "no tensor of a state dict" in refusal(
            WRITERS[kind](ARRAYS, lambda tensors: {"a": 1, **tensors}), path
        )

    @settings(max_examples=60, deadline=None)
    @given(cut=st.floats(0, 1, exclude_max=True))
    def test_cut_off_anywhere(self, kind, path, cut):
        refusal(FILES[kind][: int(cut * len(FILES[kind]))], path)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1))
def test_an_archive_with_changed_bytes_is_the_same_or_refused(path, changes):
    contents = bytearray(FILES["zip"])
    for place, byte in changes:
        contents[int(place * len(contents))] = byte
    try:
        values = read(bytes(contents), path)
    except ReIDError as error:
        assert "\n" not in str(error)
    else:
        # Every member has a checksum.
        same(values)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4))
def test_a_row_with_changed_bytes_is_plain_arrays_or_refused(path, changes):
    # It has no checksums: other numbers can come out, but never anything else than arrays.
    contents = bytearray(FILES["row"])
    for place, byte in changes:
        contents[int(place * len(contents))] = byte
    try:
        values = read(bytes(contents), path)
    except ReIDError as error:
        assert "\n" not in str(error)
    else:
        assert all(type(value) is np.ndarray and value.dtype.kind in "fiub" for value in
                   values.values())  # fmt: skip
        assert all(value.size <= len(contents) for value in values.values())


OPCODES = bytes(ord(each.code) for each in pickletools.opcodes)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(OPCODES) | st.integers(0, 255), max_size=60))
def test_any_pickle_at_all_is_read_or_refused(path, opcodes):
    assert refusal(zip_bytes(ARRAYS, pickled=bytes(opcodes) + b"."), path)


def test_deep_and_wide_pickles_take_no_time(path):
    # t1 = (t0, t0), t2 = (t1, t1), ...: a hash of the last would take longer than the universe.
    nested = b"\x80\x02)" + b"q\x00h\x00\x86" * 200
    start = time.process_time()
    for pickled in (
        nested + b"}N\x87.",
        b"\x80\x02}" + nested[2:] + b"Ns.",
        b"\x80\x02}r\xff\xff\xff\x7f.",
        b"\x80\x02" + b"(" * 100_000 + b"t" * 100_000 + b".",
        b"\x80\x02X\xff\xff\xff\x7fa.",
    ):
        refusal(zip_bytes(ARRAYS, pickled=pickled), path)
    refusal(zip_bytes(ARRAYS, pickled=b"\x80\x02" + b"}" * 2_000_000), path)
    assert time.process_time() - start < 5


def text(value):
    return b"X" + struct.pack("<i", len(value)) + value


LONG = 100_000
SHORT_NAMES = text(b"torch") + b"q\x00" + text(b"float32") + b"q\x01" + b"h\x00h\x01\x93" * 9_000
COLLIDING = b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little") + b"N"
                     for k in range(1, 70_000))  # fmt: skip


@pytest.mark.parametrize(
    "pickled",
    [
        text(b"a" * LONG) + b"q\x00" + b"h\x00h\x00\x93" * 100_000,
        SHORT_NAMES + text(b"a" * LONG) + b"q\x02" + b"h\x00h\x02\x93" * 100_000,
        b"(" + text(b"storage") + b"N" * LONG + b"tq\x00" + b"h\x00Q" * LONG,
        b"(" + b"N" * LONG + b"lq\x00" + b"h\x00Q" * LONG,
        b"}(" + COLLIDING + b"u",
        b"]q\x00" + b"h\x00a" * LONG,
        b"X\x00\x00\x00\x04" + "\N{GRINNING FACE}".encode() + b"a" * 2**26,
        b"c" + b"a" * 2**26 + b"\na\n",
    ],
    ids=["names", "attributes", "storages", "lists", "keys", "itself", "beyond", "line"],
)
def test_one_mebibyte_never_becomes_a_gigabyte_or_an_hour(pickled):
    # Whatever it is, it is given a state, which only a dictionary may be.
    file = io.BytesIO(b"\x80\x04" + pickled + b"Nb.")
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(ReIDError):
            read_pickle(file, "a.pth")
        assert tracemalloc.get_traced_memory()[1] < 100e6
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 20


class TestNames:
    """Made (NEWOBJ), filled (BUILD) and called (REDUCE): nothing happens, or a sentence."""

    def read(self, name):
        name = b"c" + name.replace(" ", "\n").encode() + b"\n"
        return read_pickle(io.BytesIO(b"\x80\x02" + name + b"(" + name + b")R}t\x81}b."), "a.pth")

    @pytest.mark.parametrize(
        "name",
        [
            "numpy.core.multiarray scalar", "numpy._core.multiarray scalar", "numpy dtype",
            "torch.optim.adam Adam", "torch.optim.lr_scheduler MultiStepLR", "torch Size",
            "__builtin__ bytes", "builtins set",
        ],
    )  # fmt: skip
    def test_of_training_loops_stand_for_nothing(self, name):
        value, storages = self.read(name)
        assert type(value) is Inert and not vars(value) and not storages

    @pytest.mark.parametrize(
        "name",
        [
            "os system", "posix system", "subprocess Popen", "builtins eval", "__builtin__ getattr",
            "functools partial", "torch.optim os.system", "torch.optim.adam Adam.__init__",
            "numpy.core.multiarray scalar.__class__", "torch load", "torch FloatStorage.from_file",
        ],
    )  # fmt: skip
    def test_others_are_refused(self, name):
        with pytest.raises(ReIDError, match="contains code") as caught:
            self.read(name)
        assert f"({name.replace(' ', '.')})" in str(caught.value)


class TestLies:
    """Sizes that are not so."""

    @pytest.mark.parametrize(
        ("shape", "strides", "offset"),
        [
            ((25,), (1,), 0), ((24,), (1,), 1), ((2,), (24,), 0), ((10**6, 10**6), (0, 0), 0),
            ((2, 2), (1,), 0), ((-1,), (1,), 0), ((2,), (-1,), 1), ((True,), (1,), 0),
            ((1,) * 9, (1,) * 9, 0), ((0,), (1,), 25), ((2.0,), (1,), 0), ([2], [1], 0),
            ((2**40,), (2**40,), 0),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", WRITERS)
    def test_views_outside_of_their_storage(self, kind, path, shape, strides, offset):
        def lie(tensors):
            tensor = tensors["module.conv.weight"]
            tensor.description = (tensor.description[0], offset, shape, strides, False, None)
            return tensors

        assert "does not lie within its storage" in refusal(WRITERS[kind](ARRAYS, lie), path)

    def test_a_compressed_member(self, path):
        contents = zip_bytes({"a": np.zeros(10**6, np.float32)}, compression=zipfile.ZIP_DEFLATED)
        assert len(contents) < 20_000
        assert "compressed or too large" in refusal(contents, path)

    def test_a_storage_larger_than_its_file(self, path):
        contents = row_bytes({"a": np.float32([1, 2])})
        place = contents.rindex(struct.pack("<q", 2))
        for count in (3, 2**40, -1):
            changed = contents[:place] + struct.pack("<q", count) + contents[place + 8 :]
            assert "larger than its file" in refusal(changed, path)
        assert "bytes behind its last storage" in refusal(contents + b"x", path)

    def test_a_storage_of_another_size_than_it_says(self, path):
        contents = zip_bytes({"a": np.float32([1, 2])})
        other = zip_bytes({"a": np.float32([1, 2, 3])})
        with zipfile.ZipFile(io.BytesIO(other)) as archive:
            pickled = archive.read("weights/data.pkl")
        assert contents != other
        changed = zip_bytes({"a": np.float32([1, 2])}, pickled=pickled)
        assert "not of the size that it says" in refusal(changed, path)


def test_other_files_are_told_apart(path):
    assert "no file that torch.save wrote" in refusal(b"\x89HDF and more", path)
    assert "no file that torch.save wrote" in refusal(pickle.dumps({"a": 1}), path)
    assert "empty" in refusal(b"", path)
    with pytest.raises(ReIDError, match="there is no weights file"):
        read_torch_weights(path.with_name("none.pth"))
    with pytest.raises(ReIDError, match="cannot be read"):
        read_torch_weights(path.parent)
    contents = zip_bytes(ARRAYS).replace(b"data.pkl", b"data.pkx")
    assert "not one that torch.save wrote" in refusal(contents, path)


def test_numbers_of_an_unknown_kind(path, monkeypatch):
    monkeypatch.delitem(torch_tensors.DTYPES, "torch.HalfStorage")
    for contents in FILES.values():
        assert "torch.HalfStorage, which are not known here" in refusal(contents, path)


def test_names_of_torch_files():
    assert all(map(is_torch_file, ["a.pth", "b/c.pt", "model.pth.tar-60"]))
    assert not any(map(is_torch_file, ["a.h5", "pth", "a.pth.d/b.keras"]))
