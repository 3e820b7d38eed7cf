"""Partition and seed hang on the key alone; these tests need no Beam."""

from hypothesis import given
from hypothesis import strategies as st

from export.bulk.items import Item, digest_of, partition_of, seed_of


def test_partition_and_seed_are_the_same_everywhere():
    # By `printf a.jpg | b2sum -l 64`: no other Python, machine or release may deal the images anew.
    assert [partition_of(key, 16) for key in ("a.jpg", "b/ü.png", "")] == [9, 13, 4]
    assert seed_of("a.jpg", 0) == 3631673385855393483


@given(st.text(), st.integers(1, 1000), st.integers(-(2**63), 2**63 - 1))
def test_they_are_in_range(key, shards, seed):
    assert 0 <= partition_of(key, shards) < shards
    assert 0 <= seed_of(key, seed) < 2**63


def test_seeds_differ_between_images_and_between_runs():
    seeds = {seed_of(f"{index}.jpg", run) for index in range(500) for run in range(4)}
    assert len(seeds) == 2000


def test_the_digest_sees_names_and_sizes_but_not_the_order():
    a, b = Item("a", "/x/a", 1), Item("b", "/x/b", 2)
    assert digest_of([a, b]) == digest_of([b, a._replace(path="/y/a")])
    assert digest_of([a, b]) != digest_of([a, b._replace(size=3)])
    assert digest_of([a, b]) != digest_of([a])
