"""Back to an earlier version and forth again, and what pruning leaves."""

import pytest

from export.publishing.pruning import plan, prune
from export.publishing.publisher import publish
from export.publishing.rollback import roll_back, undo
from export.publishing.servers import RunningServer
from keras_reid.errors import ReIDError
from serving.errors import ServingError
from tests.export.publishing.fakes import leftovers, make_base, make_export, seen
from tests.serving.fake_server import FakeModel, grpc_server


@pytest.fixture
def base(tmp_path):
    """A Target with four versions."""
    target = make_base(tmp_path)
    for number in range(1, 5):
        publish(make_export(tmp_path / "models", f"content{number}", version=number), target)
    return target


def test_the_version_before_is_live_again_and_forth(base):
    first, second, third, fourth = base.visible
    assert roll_back(base) == ([], [fourth])
    assert seen(base) == [[first, second, third]] * 2 and base.live == third
    assert leftovers(base) == [f"withdrawn-{fourth}"] * 2
    assert undo(base) == ([fourth], [])
    assert seen(base) == [[first, second, third, fourth]] * 2 and leftovers(base) == []


def test_far_back_no_version_in_between_is_ever_live(base):
    first, second, third, fourth = base.visible
    live = []
    assert roll_back(base, first, at=lambda step: live.append(base.live)) == (
        [], [second, third, fourth],
    )  # fmt: skip
    assert set(live) == {fourth, first}
    # What was live before is live again; the bad ones between stay away until they are asked for.
    assert undo(base) == ([fourth], [])
    assert seen(base) == [[first, fourth]] * 2
    assert roll_back(base, third) == ([third], [fourth])
    assert seen(base) == [[first, third]] * 2


def test_a_main_version_is_never_seen_without_its_encoded_one(base):
    def look(step):
        encoded, main = seen(base)
        assert set(main) <= set(encoded), step

    roll_back(base, min(base.visible), at=look)
    undo(base, at=look)
    prune(base, 1, at=look)


def test_a_new_version_after_a_rollback_is_above_the_withdrawn_one(tmp_path, base):
    fourth = base.live
    roll_back(base)
    fifth = publish(make_export(tmp_path / "models", "content5", version=5), base).version
    assert fifth > fourth and base.live == fifth
    with pytest.raises(ReIDError, match="nothing to undo"):
        undo(base)


def test_withdrawn_content_is_not_published_again_by_accident(tmp_path, base):
    fourth = base.live
    roll_back(base)
    again = publish(make_export(tmp_path / "same", "content4"), base)
    assert (again.version, again.new) == (fourth, False)


@pytest.mark.parametrize(
    "version,words", [(12345, "has no version 12345; it has 1"), (None, "no version before")]
)
def test_where_there_is_nothing_to_go_back_to(base, version, words):
    if version is None:
        prune(base, 1)
    before = seen(base)
    with pytest.raises(ReIDError, match=words):
        roll_back(base, version)
    assert seen(base) == before


def test_pruning_keeps_the_newest_of_either_kind_and_the_live_one(base):
    first, second, third, fourth = base.visible
    roll_back(base, second)
    assert plan(base, 1) == ([first, third], [])
    assert seen(base) == [[first, second]] * 2  # planning changes nothing
    assert prune(base, 1) == ([first, third], [])
    assert seen(base) == [[second]] * 2
    assert leftovers(base) == [f"withdrawn-{fourth}"] * 2
    assert prune(base, 1) == ([], [])


def test_pruning_keeps_what_a_server_still_has(base):
    first, second, third, fourth = base.visible
    model = FakeModel()
    model.versions = [(second, "AVAILABLE", ""), (first, "END", "")]
    with grpc_server(model) as address:
        assert prune(base, 2, [RunningServer(address)]) == ([first], [second])
    assert seen(base) == [[second, third, fourth]] * 2


def test_pruning_asks_the_servers_first(base):
    before = seen(base)
    with pytest.raises(ServingError, match="localhost:1"):
        prune(base, 1, [RunningServer("localhost:1")])
    assert seen(base) == before
