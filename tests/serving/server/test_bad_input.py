"""The list of bad input, through the server, against an exported model with attacks.

What the runtime and the graph say to each; in between the server goes on answering, and a bad row
leaves the others as they are.
"""

import io
import os
import struct
import zlib

import grpc
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from export.encoded import build_encoded
from export.limits import Limits
from export.module import build_servable
from serving.server.embedded import EmbeddedServer
from tests.export.models import SIZE, make_linear, pixels
from tests.serving.server.clients import GrpcClient, predict_request

LIMITS = Limits(epsilon=8 / 255, steps=3, batch=8, push=2, pull=1)
NAN, INF = np.float32("nan"), np.float32("inf")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    base = tmp_path_factory.mktemp("exported")
    model = make_linear()
    for name, (module, functions) in {
        "reid": build_servable(model, ["sma", "fna"], LIMITS),
        "reid_encoded": build_encoded(model, LIMITS),
    }.items():
        tf.saved_model.save(module, str(base / name / "1"), signatures=functions)
    models = {name: base / name for name in ("reid", "reid_encoded")}
    with EmbeddedServer(models, rest_port=None) as server:
        with GrpcClient(server.grpc_address) as client:
            yield client


def attack(**changes):
    """Inputs of attack_sma for two images."""
    inputs = {
        "images": pixels(2),
        "epsilon": np.full(2, 4 / 255, np.float32),
        "steps": np.full(2, 2, np.int32),
        "seed": np.arange(2, dtype=np.int64),
    }
    return {name: value for name, value in {**inputs, **changes}.items() if value is not None}


def guided(**changes):
    """Inputs of attack_fna for two images."""
    guides = np.random.default_rng(1).random((2, 3, 4), np.float32)
    told = {
        "push": guides[:, :2],
        "push_weight": np.ones((2, 2), np.float32),
        "pull": guides[:, 2:],
        "pull_weight": np.ones((2, 1), np.float32),
    }
    return {**attack(), **told, **changes}


def encoded(kind="JPEG", size=SIZE):
    buffer = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, kind)
    return buffer.getvalue()


def ask(client, model, signature, inputs):
    return client.outputs(model, inputs, signature=signature)


JPEG = encoded()
EMBED, SMA, FNA, FILES = (
    ("reid", "embed"),
    ("reid", "attack_sma"),
    ("reid", "attack_fna"),
    ("reid_encoded", "embed_encoded"),
)
REFUSED = {  # case: (model and signature, inputs, status, words)
    "wrong dtype": (EMBED, {"images": pixels(2).astype(np.float32)}, "to be uint8 but float"),
    "wrong size": (EMBED, {"images": pixels(2)[:, :5]}, ""),
    "wrong rank": (EMBED, {"images": np.zeros(3, np.uint8)}, ""),
    "grey": (EMBED, {"images": pixels(2)[..., :1]}, ""),
    "missing input": (SMA, attack(seed=None), "Missing but required: {seed}"),
    "extra input": (EMBED, {"images": pixels(1), "more": pixels(1)}, "Sent extra: {more}"),
    "another name": (EMBED, {"image": pixels(1)}, "Signature input alias: images"),
    "wrong dtype of epsilon": (SMA, attack(epsilon=np.full(2, 0.1)), "to be float but double"),
    "wrong dtype of steps": (SMA, attack(steps=np.full(2, 2)), "to be int32 but int64"),
    "fewer epsilons": (SMA, attack(epsilon=np.full(3, 0.01, np.float32)), ""),
    "too few guides": (FNA, guided(push=np.zeros((2, 2, 3), np.float32)), ""),
    "no file": (FILES, {"encoded": np.array([b""], object)}, "must be JPEG or PNG"),
    "noise": (FILES, {"encoded": np.array([b"nonsense" * 9], object)}, "must be JPEG or PNG"),
    "GIF": (FILES, {"encoded": np.array([encoded("GIF")], object)}, "must be JPEG or PNG"),
    "half a JPEG": (FILES, {"encoded": np.array([JPEG[: len(JPEG) // 2]], object)}, "JPEG"),
    "half a PNG": (FILES, {"encoded": np.array([encoded("PNG")[:200]], object)}, "PNG"),
    "pixels for files": (FILES, {"encoded": pixels(1)}, "to be string but uint8"),
    "a bad file among good ones": (
        FILES, {"encoded": np.array([JPEG, b"GIF89a", JPEG], object)}, "must be JPEG or PNG",
    ),
    "more files than allowed": (FILES, {"encoded": np.array([JPEG] * 9, object)}, "more than 8"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_request_is_refused_and_the_next_one_answered(served, case):
    (model, signature), inputs, words = REFUSED[case]
    with pytest.raises(grpc.RpcError) as caught:
        ask(served, model, signature, inputs)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT, caught.value.details()
    assert words in caught.value.details()
    assert ask(served, *EMBED, {"images": pixels(1)})["embeddings"].shape == (1, 4)


TARGETS = {
    "unknown model": ({"model": "none"}, "NOT_FOUND"),
    "unknown version": ({"version": 9}, "NOT_FOUND"),
    "unknown label": ({"label": "none"}, "INVALID_ARGUMENT"),
    "unknown signature": ({"signature": "attack_none"}, "FAILED_PRECONDITION"),
}


@pytest.mark.parametrize("case", TARGETS)
def test_what_is_not_there_is_said(served, case):
    target, code = TARGETS[case]
    with pytest.raises(grpc.RpcError) as caught:
        served.predict(inputs={"images": pixels(1)}, **{"model": "reid", **target})
    assert caught.value.code().name == code


def test_an_empty_batch_has_empty_answers(served):
    nothing = attack(images=pixels(0), epsilon=NAN[None][:0], steps=np.zeros(0, np.int32))
    nothing["seed"] = np.zeros(0, np.int64)
    assert ask(served, *SMA, nothing)["adversarial"].shape == (0, *SIZE, 3)
    assert ask(served, *EMBED, {"images": pixels(0)})["embeddings"].shape == (0, 4)
    files = {"encoded": np.zeros(0, object)}
    assert ask(served, *FILES, files)["embeddings"].shape == (0, 4)


SPOILED = {  # case: (signature, inputs with a first row that is wrong, what is used of it)
    "NaN epsilon": (SMA, lambda: attack(epsilon=np.array([NAN, 4 / 255], np.float32)), 0.0),
    "infinite epsilon": (SMA, lambda: attack(epsilon=np.array([INF, 4 / 255], np.float32)), 0.0),
    "NaN guide": (FNA, lambda: guided(push=spoiled(guided()["push"], NAN)), 0.0),
    "infinite guide": (FNA, lambda: guided(pull=spoiled(guided()["pull"], INF)), 0.0),
    "NaN weight": (FNA, lambda: guided(push_weight=spoiled(np.ones((2, 2), np.float32), NAN)), 0.0),
}


def spoiled(values, value):
    values = values.copy()
    values.reshape(-1)[0] = value
    return values


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_row_comes_back_unchanged_and_the_other_as_alone(served, case):
    target, make, used = SPOILED[case]
    well = ask(served, *target, guided() if target is FNA else attack())
    found = ask(served, *target, make())
    assert list(found["valid"]) == [0, 1] and found["epsilon_used"][0] == used
    np.testing.assert_array_equal(found["adversarial"][0], pixels(2)[0])
    assert found["linf"][0] == 0 and well["linf"][1] > 0
    np.testing.assert_array_equal(found["adversarial"][1], well["adversarial"][1])


def test_ceilings_hold_and_say_what_was_used(served):
    found = ask(
        served, *SMA,
        attack(epsilon=np.array([1e30, -1], np.float32), steps=np.array([2**31 - 1, -5], np.int32)),
    )  # fmt: skip
    np.testing.assert_allclose(found["epsilon_used"], [8 / 255, 0])
    assert list(found["steps_used"]) == [3, 0] and list(found["valid"]) == [1, 1]
    np.testing.assert_array_equal(found["adversarial"][1], pixels(2)[1])


def bomb(side=20_000):
    """A PNG of one colour: 50 kB for 400 million pixels, which are 1.2 GB decoded."""

    def chunk(kind, content):
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(1)
    row = b"\0" * (1 + side // 8)
    packed = b"".join(packer.compress(row * 100) for _ in range(side // 100)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    )


def peak_memory():
    with open("/proc/self/status", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="of Linux")
def test_a_decode_bomb_takes_no_memory(served):
    image = bomb()
    assert len(image) < 2**20
    with pytest.raises(Image.DecompressionBombError, match="400000000 pixels"):
        Image.open(io.BytesIO(image))
    # The server runs in this process. Eight at once would decode to ten gigabytes.
    request = predict_request("reid_encoded", {"encoded": np.array([image] * 8, object)})
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # the peak from now on
    before = peak_memory()
    with pytest.raises(grpc.RpcError) as caught:
        served.prediction.Predict(request, timeout=60)
    assert f"more than {LIMITS.encoded_pixels} pixels" in caught.value.details()
    assert peak_memory() - before < 200 * 2**20
