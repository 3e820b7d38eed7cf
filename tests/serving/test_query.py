"""`python -m serving.query` as a person runs it, against the NumPy model."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from absl import flags
from PIL import Image

from serving.client import ReIDClient
from serving.errors import BadRequest, ModelNotFound
from serving.gallery import Gallery, open_gallery
from serving.query import ask, define_flags
from tests.serving import fake_server
from tests.serving.fake_server import SIZE, WIDTH, embed

JOB = '{"format": "%s", "shards": 1, "model": {"embedding_size": 5, "model_fingerprint": "m1"}}'


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture
def address(model):
    with fake_server.grpc_server(model) as address:
        yield address


@pytest.fixture
def people(tmp_path):
    """query.png and a folder `gallery` of seven images, one of them equal to the query."""
    images = np.random.default_rng(0).integers(0, 256, [7, *SIZE, 3]).astype(np.uint8)
    for index, pixels in enumerate(images):
        path = tmp_path / "gallery" / f"cam{index % 2}" / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    (tmp_path / "gallery" / "readme.txt").write_text("no image")
    Image.fromarray(images[3]).save(tmp_path / "query.png")
    return images


@pytest.fixture
def query(tmp_path, address):
    def run(*arguments, server=address):
        flags = [f"--server={server}", f"--output={tmp_path / 'out'}", *arguments]
        return subprocess.run(
            [sys.executable, "-m", "serving.query", *flags],
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def test_everything_about_one_image(tmp_path, people, query):
    done = query(
        f"--image={tmp_path / 'query.png'}",
        f"--gallery={tmp_path / 'gallery'}",
        "--top=3",
        "--attack=sma",
        "--epsilon_255=5",
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / "out"
    clean = embed(people[3:4])[0]
    np.testing.assert_array_equal(np.load(out / "query_embedding.npy"), clean)

    pixels = np.asarray(Image.open(out / "query_adversarial.png"))
    report = json.loads((out / "query_adversarial.json").read_text())
    assert np.abs(pixels.astype(int) - people[3]).max() == report["linf_255"] == 5
    adversarial = np.load(out / "query_adversarial_embedding.npy")
    np.testing.assert_array_equal(adversarial, embed(pixels[None])[0])
    assert report["displacement"] == pytest.approx(np.linalg.norm(adversarial - clean), rel=1e-4)
    assert report["epsilon_255_used"] == 5 and report["model"]["model_fingerprint"] == "m1"

    nearest = json.loads((out / "query_nearest.json").read_text())
    for which, embedding in (("clean", clean), ("adversarial", adversarial)):
        distance = np.linalg.norm(embed(people) - embedding, axis=1)
        order = np.argsort(distance)[:3]
        paths = [str(tmp_path / "gallery" / f"cam{i % 2}" / f"{i}.png") for i in order]
        assert [row["path"] for row in nearest[which]] == paths
        np.testing.assert_allclose([row["distance"] for row in nearest[which]], distance[order])
    assert nearest["clean"][0]["distance"] == 0

    assert "embedding 7 of 7 gallery images" in done.stderr
    assert "largest change 5/255" in done.stdout
    assert done.stdout.count("gallery/cam") == 6  # three ranks, clean and adversarial


@pytest.mark.parametrize("kind", ["faiss", "faiss_hnsw"])
def test_another_index_gives_the_same_file(tmp_path, people, address, kind):
    pytest.importorskip("faiss", reason="needs FAISS (extra faiss)")
    files = []
    for index in ("exact", kind):
        values = flags.FlagValues()
        define_flags(values)
        out = tmp_path / index
        given = [f"--image={tmp_path / 'query.png'}", f"--gallery={tmp_path / 'gallery'}"]
        values(["query", f"--server={address}", f"--output={out}", f"--index={index}", *given])
        ask(values)
        files.append((out / "query_nearest.json").read_text())
    assert files[0] == files[1]


def test_a_model_for_cosine_is_ranked_by_cosine(tmp_path, people, address, model):
    model.description["distance"] = "cosine"
    values = flags.FlagValues()
    define_flags(values)
    given = [f"--image={tmp_path / 'query.png'}", f"--gallery={tmp_path / 'gallery'}"]
    values(["query", f"--server={address}", f"--output={tmp_path / 'out'}", *given])
    ask(values)
    nearest = json.loads((tmp_path / "out" / "query_nearest.json").read_text())["clean"]
    units = [row / np.linalg.norm(row) for row in embed(people)]
    expected = sorted(1 - unit @ units[3] for unit in units)
    np.testing.assert_allclose([row["distance"] for row in nearest], expected, atol=1e-6)


def test_an_embedding_alone(tmp_path, people, query):
    done = query(f"--image={tmp_path / 'query.png'}")
    assert done.returncode == 0 and "5 numbers" in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["query_embedding.npy"]


def test_guides_are_files(tmp_path, people, query, model):
    guides = [str(tmp_path / "gallery" / "cam0" / f"{index}.png") for index in (0, 2)]
    done = query(f"--image={tmp_path / 'query.png'}", "--attack=fna", f"--push={','.join(guides)}")
    assert done.returncode == 0, done.stderr
    (sent,) = model.sent("attack_fna")
    np.testing.assert_array_equal(sent["push"][0, :2], embed(people[[0, 2]]))
    assert sent["push_weight"].tolist() == [[1, 1, 0]]
    assert not sent["pull_weight"].any()


BAD = {
    "no image": ([], "--image is missing"),
    "missing image": (["--image=no.png"], "cannot read no.png"),
    "no image file": (["--image={0}/gallery/readme.txt"], "is neither a JPEG nor a PNG"),
    "undecodable": (["--image={0}/broken.png"], "broken.png cannot be decoded"),
    "guides alone": (["--image={0}/query.png", "--push=a.png"], "name it with --attack"),
    "attack": (["--image={0}/query.png", "--attack=odfa"], "'odfa' is not exported"),
    "guides": (["--image={0}/query.png", "--attack=fna"], "attack fna needs guides"),
    "epsilon": (
        ["--image={0}/query.png", "--attack=sma", "--epsilon_255=17"],
        "ceiling of 16",
    ),
    "NaN": (["--image={0}/query.png", "--attack=sma", "--epsilon_255=nan"], "finite number"),
    "gallery": (["--image={0}/query.png", "--gallery=no/where"], "no/where does not exist"),
    "empty gallery": (["--image={0}/query.png", "--gallery={0}/empty"], "no JPEG or PNG"),
    "gallery file": (["--image={0}/query.png", "--gallery={0}/query.png"], "is no gallery"),
    "output": (["--image={0}/query.png", "--output={0}/query.png"], "cannot write"),
    "model": (["--image={0}/query.png", "--model=nope"], "does not serve 'nope'"),
}


@pytest.mark.parametrize(("arguments", "says"), BAD.values(), ids=BAD)
def test_bad_input_is_told_in_a_sentence(tmp_path, people, address, arguments, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.png").write_bytes((tmp_path / "query.png").read_bytes()[:30])
    values = flags.FlagValues()
    define_flags(values)
    given = [argument.format(tmp_path) for argument in arguments]
    values(["query", f"--server={address}", f"--output={tmp_path / 'out'}", *given])
    with pytest.raises(BadRequest if "nope" not in says else ModelNotFound, match=says):
        ask(values)


@pytest.mark.parametrize(
    ("argument", "says"),
    [("--image=no.png", "cannot read no.png"), ("--top=0", "see --help"), ("x", "argument 'x'")],
)
def test_bad_input_is_one_line_and_exit_code_2(query, argument, says):
    done = query(argument)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and says in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_server_that_is_down_is_one_sentence(tmp_path, people, query):
    done = query(f"--image={tmp_path / 'query.png'}", server="localhost:1")
    assert done.returncode == 2
    assert "localhost:1 is not available" in done.stderr and done.stderr.count("\n") == 1


class TestGallery:
    @pytest.fixture
    def client(self, address):
        with ReIDClient(address, timeout=10) as client:
            yield client

    @pytest.fixture
    def embedded(self, tmp_path, people, client, model):
        """A call that opens the folder and returns (gallery, number of images embedded)."""

        def call(source="gallery"):
            model.requests.clear()
            gallery = open_gallery(tmp_path / source, client, "reid")
            return gallery, sum(len(sent["encoded"]) for sent in model.sent("embed_encoded"))

        return call

    def test_a_second_look_embeds_nothing(self, embedded, people):
        first, count = embedded()
        again, none = embedded()
        assert (count, none) == (7, 0)
        assert again.paths == first.paths
        np.testing.assert_array_equal(again.embeddings, first.embeddings)
        by_index = np.argsort([int(os.path.basename(path)[0]) for path in first.paths])
        np.testing.assert_array_equal(first.embeddings[by_index], embed(people))

    def test_only_new_and_changed_images_are_embedded(self, embedded, tmp_path, people):
        embedded()
        Image.fromarray(people[0]).save(tmp_path / "gallery" / "cam0" / "2.png")
        os.utime(tmp_path / "gallery" / "cam0" / "2.png", ns=(1, 1))
        Image.fromarray(people[1]).save(tmp_path / "gallery" / "new.PNG", "PNG")
        os.remove(tmp_path / "gallery" / "cam0" / "6.png")
        gallery, count = embedded()
        assert count == 2 and len(gallery.paths) == 7
        place = gallery.paths.index(str(tmp_path / "gallery" / "cam0" / "2.png"))
        np.testing.assert_array_equal(gallery.embeddings[place], embed(people[:1])[0])
        assert embedded()[1] == 0

    def test_other_weights_embed_all_again(self, embedded, model, address, tmp_path):
        embedded()
        model.description["model_fingerprint"] = "m2"
        with ReIDClient(address) as newcomer:
            assert open_gallery(tmp_path / "gallery", newcomer, "reid").model == "m2"
            with pytest.raises(BadRequest, match="embeddings of another model \\(m2\\)"):
                embedded("gallery.reid.npz")

    def test_a_broken_cache_is_made_again(self, embedded, tmp_path):
        embedded()
        (tmp_path / "gallery.reid.npz").write_bytes(b"PK\x03\x04 broken")
        assert embedded()[1] == 7
        assert embedded()[1] == 0

    def test_the_cache_is_a_gallery_of_its_own(self, embedded):
        first, _ = embedded()
        alone, count = embedded("gallery.reid.npz")
        assert count == 0
        np.testing.assert_array_equal(alone.embeddings, first.embeddings)

    def test_anybodys_npz_will_do(self, embedded, tmp_path):
        np.savez(tmp_path / "own.npz", paths=["a", "b"], embeddings=np.eye(2, WIDTH))
        gallery, _ = embedded("own.npz")
        assert gallery.nearest(np.eye(2, WIDTH)[1], 5) == [("b", 0.0), ("a", 2**0.5)]

    @pytest.mark.parametrize(
        "arrays",
        [
            dict(paths=["a"], embeddings=np.zeros([2, 5])),
            dict(paths=[], embeddings=np.zeros([0, 5])),
            dict(paths=["a"], embeddings=np.zeros(1)),
            dict(embeddings=np.zeros([2, 5])),
            dict(paths=np.array([{}], dtype=object), embeddings=np.zeros([1, 5])),
            dict(paths=["a"], embeddings=np.array([["x"]])),
        ],
    )
    def test_an_npz_of_something_else_is_refused(self, embedded, tmp_path, arrays):
        np.savez(tmp_path / "own.npz", **arrays)
        with pytest.raises(BadRequest, match="own.npz is no gallery"):
            embedded("own.npz")

    @pytest.mark.parametrize(
        ("files", "says"),
        [
            ({"_job.json": "{}"}, "is not finished"),
            ({"_job.json": "{", "_SUCCESS": "{}"}, "is damaged"),
            ({"_job.json": JOB % "tfrecord", "_SUCCESS": "{}"}, "holds tfrecord files"),
            ({"_job.json": JOB % "parquet", "_SUCCESS": "{}"}, "pyarrow is not installed|0 of 1"),
        ],
    )
    def test_a_bulk_run_that_is_no_gallery_is_refused(self, embedded, tmp_path, files, says):
        (tmp_path / "bulk").mkdir()
        for name, text in files.items():
            (tmp_path / "bulk" / name).write_text(text)
        with pytest.raises(BadRequest, match=says):
            embedded("bulk")

    def test_the_one_that_cannot_be_read_is_named(self, embedded, tmp_path):
        (tmp_path / "gallery" / "cam0" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
        with pytest.raises(BadRequest, match="broken.jpg cannot be decoded"):
            embedded()


def test_equal_distances_keep_their_order():
    gallery = Gallery(["a", "b", "c"], np.float32([[1, 0], [0, 1], [0, 0]]), np.zeros([0, 2]))
    assert [path for path, _ in gallery.nearest(np.float32([0, 0]), 3)] == ["c", "a", "b"]
