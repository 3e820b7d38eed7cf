"""Large inputs in parts side by side: their order, their bound, their first failure, their end."""

import asyncio
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

from serving import contract, parts
from serving.aio import AsyncReIDClient
from serving.client import ReIDClient
from serving.errors import BadRequest, ServerFailure
from serving.server.options import Limits
from tests.serving import fake_server
from tests.serving.faces import FACES
from tests.serving.fake_server import SIZE, WIDTH, Failure, embed

WAIT = 20  # seconds until a test gives up


@pytest.fixture
def model():
    return fake_server.FakeModel()


@pytest.fixture(params=FACES)
def connect(request, model):
    """A function that makes a client with settings."""
    server, face = FACES[request.param]
    with server(model) as address:
        yield lambda **settings: face(address, timeout=WAIT, **settings)


def some_images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, [count, *SIZE, 3]).astype(np.uint8)


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def jittered(model, seed):
    """Lets each Predict take a random time below 10 ms."""
    pauses = np.random.default_rng(seed).uniform(0, 0.01, 1000).tolist()
    lock = threading.Lock()

    def gate(signature, inputs):
        with lock:
            seconds = pauses.pop()
        threading.Event().wait(seconds)

    model.gate = gate


def held(model, together):
    """Holds each Predict until `together` of them are under way, so that all of them overlap."""
    barrier = threading.Barrier(together)
    model.gate = lambda signature, inputs: barrier.wait(WAIT) and None


class TestBytes:
    def test_the_default_of_the_client_fits_the_default_of_the_server(self):
        limits = Limits()
        assert parts.FILE_BYTES * 4 / 3 < limits.request_bytes - 2**20
        worst = np.full([parts.PIXEL_BYTES // 2**20 // 3, 2**10, 2**10, 3], 255)
        text = json.dumps(worst[:1, :16].tolist())
        assert len(text) * worst.size / worst[:1, :16].size < limits.request_bytes - 2**20
        values = sum(map(text.count, ",[")) * worst.size / worst[:1, :16].size
        assert values < limits.elements

    def test_files_go_out_in_requests_that_fit(self, connect, model, monkeypatch):
        files = [png(image) for image in some_images(4)]
        monkeypatch.setattr(parts, "FILE_BYTES", max(map(len, files)) + min(map(len, files)) - 1)
        with connect() as client:  # the model takes four at once
            np.testing.assert_array_equal(client.decode(files), some_images(4))
            np.testing.assert_array_equal(client.embed(files), embed(some_images(4)))
        for signature in (contract.DECODE, contract.EMBED_ENCODED):
            assert [len(sent["encoded"]) for sent in model.sent(signature)] == [1, 1, 1, 1]

    def test_pixels_go_out_in_requests_that_fit(self, connect, model, monkeypatch):
        monkeypatch.setattr(parts, "PIXEL_BYTES", 3 * some_images(1).size)
        with connect(max_in_flight=1) as client:
            np.testing.assert_array_equal(client.embed(some_images(7)), embed(some_images(7)))
        assert [len(sent["images"]) for sent in model.sent(contract.EMBED)] == [3, 3, 1]

    @pytest.mark.parametrize(
        ("lengths", "found"),
        [([1], [1]), ([9], [1]), ([2, 2, 2], [2, 1]), ([5, 1], [1, 1]), ([1, 9, 1], [1, 1, 1])],
    )
    def test_slices_hold_one_at_least(self, monkeypatch, lengths, found):
        monkeypatch.setattr(parts, "FILE_BYTES", 4)
        contents = [bytes(length) for length in lengths]
        slices = list(parts.by_bytes(contents))
        assert [len(contents[part]) for part in slices] == found
        assert sum((contents[part] for part in slices), []) == contents


class TestOrder:
    @pytest.mark.parametrize("seed", range(2))
    def test_answers_keep_the_order_of_the_images(self, connect, model, seed):
        images = some_images(41, seed)
        with connect(batch_size=2, max_in_flight=5) as client:
            client.describe()
            jittered(model, seed)
            np.testing.assert_array_equal(client.embed(images), embed(images))
            rows = np.concatenate(list(client.embed_iter(iter(images))))
            np.testing.assert_array_equal(rows, embed(images))

    def test_everything_of_an_image_stays_with_it(self, connect, model):
        images, seeds = some_images(19), np.arange(100, 119)
        push = np.arange(19 * 2 * WIDTH, dtype=np.float32).reshape(19, 2, WIDTH)
        epsilon = np.arange(19) % 16
        with connect(batch_size=2) as client:
            client.describe()
            jittered(model, 5)
            result = client.attack_details(
                images, "fna", epsilon_255=epsilon, steps=epsilon, seed=seeds, push=push
            )
        np.testing.assert_array_equal(result.steps_used, epsilon)
        np.testing.assert_allclose(result.epsilon_used * 255, epsilon, rtol=1e-6)
        expected = fake_server_attack(images, epsilon, seeds)
        np.testing.assert_array_equal(result.adversarial, expected)
        for sent in model.sent("attack_fna"):
            np.testing.assert_array_equal(sent["push"][:, :2], push[sent["seed"] - 100])
            np.testing.assert_array_equal(sent["images"], images[sent["seed"] - 100])


def fake_server_attack(images, epsilon_255, seeds):
    from tests.serving.fake_model import attack

    epsilon = (epsilon_255 / 255).astype(np.float32)
    return attack(images, epsilon, epsilon_255, seeds)["adversarial"]


class TestBound:
    @pytest.mark.parametrize("limit", [1, 3])
    def test_as_many_as_allowed_are_under_way_and_no_more(self, connect, model, limit):
        with connect(batch_size=1, max_in_flight=limit) as client:
            client.describe()
            held(model, limit)  # would never open if fewer were sent
            client.embed(some_images(6 * limit))
        assert model.most_underway == limit

    def test_an_iterator_is_not_read_ahead(self, connect, model):
        taken = []

        def images():
            for index, image in enumerate(some_images(40)):
                taken.append(index)
                yield image

        with connect(batch_size=2, max_in_flight=2) as client:
            parts = client.embed_iter(images())
            first = next(parts)
            np.testing.assert_array_equal(first, embed(some_images(40)[:2]))
            # Two parts under way and two waiting for their turn, of two images each.
            assert len(taken) <= 2 * 2 * 2 + 2
            assert sum(len(part) for part in parts) == 38

    def test_an_iterator_that_gives_nothing_is_refused(self, connect):
        with connect() as client:
            for call in (client.embed, lambda images: list(client.embed_iter(images))):
                with pytest.raises(BadRequest, match="no images given"):
                    call(iter([]))

    def test_bytes_of_an_iterator_are_named_by_their_place(self, connect):
        with connect(batch_size=2) as client:
            with pytest.raises(BadRequest, match="image 4 is neither a JPEG nor a PNG"):
                client.embed(iter([png] * 4 + [b"?"] if (png := one_png()) else []))


def one_png():
    import io

    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(some_images(1)[0]).save(buffer, "PNG")
    return buffer.getvalue()


class TestProgress:
    def test_it_counts_images_up_to_the_last(self, connect):
        told = []
        with connect(batch_size=2) as client:
            client.embed(some_images(7), progress=lambda *figures: told.append(figures))
            assert [total for _, total in told] == [7] * 4
            done = [count for count, _ in told]
            assert done == sorted(done) and done[-1] == 7
            for call in (client.attack, client.attack_details, client.embed):
                told.clear()
                call(some_images(3), progress=lambda *figures: told.append(figures))
                assert told[-1] == (3, 3)
            told.clear()
            client.decode([one_png()] * 3, progress=lambda *figures: told.append(figures))
            assert told[-1] == (3, 3)

    def test_an_iterator_has_no_known_end(self, connect):
        told = []
        with connect(batch_size=2) as client:
            client.embed(iter(some_images(3)), progress=lambda *figures: told.append(figures))
        assert told[-1] == (3, None)

    def test_what_it_raises_ends_the_call(self, connect, model):
        def progress(done, total):
            raise KeyError("stop")

        with connect(batch_size=1) as client:
            with pytest.raises(KeyError, match="stop"):
                client.embed(some_images(30), progress=progress)
        assert len(model.sent(contract.EMBED)) < 30


class TestFirstFailure:
    def test_it_is_raised_while_others_are_under_way_and_nothing_else_is_sent(self, connect, model):
        """Part 2 fails while 0, 1 and 3 hang; without cancelling, the call would hang too."""
        images, stop = some_images(20), threading.Event()
        hanging = threading.Semaphore(0)

        def gate(signature, inputs):
            if (inputs["images"][0] == images[2]).all():
                for _ in range(3):
                    assert hanging.acquire(timeout=WAIT)
                raise Failure("INTERNAL", "no luck")
            hanging.release()
            stop.wait(WAIT)

        with connect(batch_size=1, max_in_flight=4) as client:
            client.describe()
            model.gate = gate
            try:
                with pytest.raises(ServerFailure, match="no luck"):
                    client.embed(images)
                assert len(model.sent(contract.EMBED)) == 4
            finally:
                stop.set()

    def test_a_part_that_is_refused_before_it_is_sent_ends_the_others(self, connect, model):
        images = [*some_images(6), some_images(1)[0, :2]]
        with connect(batch_size=1, max_in_flight=2) as client:
            with pytest.raises(BadRequest, match="images are 2 x 4 pixels"):
                client.embed(iter(images))

    def test_the_client_still_works_afterwards(self, connect, model):
        with connect(batch_size=1) as client:
            client.describe()
            model.failures = [Failure("INTERNAL", "no luck")]
            with pytest.raises(ServerFailure):
                client.embed(some_images(9))
            np.testing.assert_array_equal(client.embed(some_images(9)), embed(some_images(9)))


class TestCancelling:
    """What the caller gives up, the server hears of."""

    @pytest.fixture
    def address(self, model):
        with fake_server.grpc_server(model) as address:
            yield address

    def test_a_cancelled_task_cancels_its_requests(self, model, address):
        stop, begun = threading.Event(), threading.Semaphore(0)

        def gate(signature, inputs):
            begun.release()
            stop.wait(WAIT)

        async def ask():
            async with AsyncReIDClient(address, batch_size=1, max_in_flight=3) as client:
                await client.describe()
                model.gate = gate
                task = asyncio.create_task(client.embed(some_images(10)))
                for _ in range(3):
                    assert await asyncio.to_thread(begun.acquire, timeout=WAIT)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                for _ in range(3):
                    assert await asyncio.to_thread(model.ended.acquire, timeout=WAIT)
                stop.set()
                model.gate = lambda signature, inputs: None
                return await client.embed(some_images(2))

        try:
            np.testing.assert_array_equal(asyncio.run(ask()), embed(some_images(2)))
        finally:
            stop.set()
        assert len(model.sent(contract.EMBED)) == 3 + 2

    def test_an_iteration_that_is_left_cancels_its_requests(self, model, address):
        images, stop, begun = some_images(10), threading.Event(), threading.Semaphore(0)

        def gate(signature, inputs):
            if not (inputs["images"][0] == images[0]).all():
                begun.release()
                stop.wait(WAIT)

        with ReIDClient(address, batch_size=1, max_in_flight=3) as client:
            client.describe()
            model.gate = gate
            parts = client.embed_iter(images)
            next(parts)
            try:
                for _ in range(3):
                    assert begun.acquire(timeout=WAIT)
                parts.close()
                for _ in range(3):
                    assert model.ended.acquire(timeout=WAIT)
            finally:
                stop.set()

    def test_a_cancelled_rest_call_comes_back_at_once(self, model):
        stop, begun = threading.Event(), threading.Semaphore(0)

        def gate(signature, inputs):
            begun.release()
            stop.wait(WAIT)

        async def ask(address):
            async with AsyncReIDClient(address) as client:
                await client.describe()
                model.gate = gate
                task = asyncio.create_task(client.embed(some_images(1)))
                assert await asyncio.to_thread(begun.acquire, timeout=WAIT)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert not stop.is_set()

        with fake_server.rest_server(model) as address:
            try:
                asyncio.run(ask(address))
            finally:
                stop.set()


def test_many_tasks_share_one_client(model):
    async def ask(address):
        async with AsyncReIDClient(address) as client:
            return await asyncio.gather(*(client.embed(image) for image in some_images(30)))

    for server in (fake_server.grpc_server, fake_server.rest_server):
        with server(model) as address:
            rows = np.concatenate(asyncio.run(ask(address)))
            np.testing.assert_array_equal(rows, embed(some_images(30)))


@pytest.mark.parametrize("max_in_flight", [0, -1])
def test_none_under_way_is_refused(max_in_flight):
    with pytest.raises(BadRequest, match="max_in_flight must be at least 1"):
        ReIDClient("localhost:8500", max_in_flight=max_in_flight)
