"""Replicas from measured figures."""

import pytest

from serving.config.plan import Load, Plan, plan, table
from serving.errors import BadRequest

EMBED = Load(per_second=200, capacity=90)
ATTACK = Load(per_second=1, capacity=2)


def test_replicas_for_a_load():
    # Busy: 200 / 90 = 2.22 and 1 / 2 = 0.5. At most 60 % of each replica: 2.72 / 0.6 = 4.5 -> 5
    # shared; 2.22 / 0.6 = 3.7 -> 4 and 0.5 / 0.6 = 0.8 -> 1 apart. One spare in each deployment.
    assert plan(EMBED, ATTACK, utilisation=0.6, spare=1) == Plan(shared=6, embed=5, attack=2)
    assert plan(EMBED, ATTACK).separate == 7


def test_no_attacks_no_deployment_for_them():
    none = Load(per_second=0, capacity=0)
    assert plan(EMBED, none, spare=2) == Plan(shared=6, embed=6, attack=0)


def test_a_whole_number_of_replicas_is_not_rounded_up():
    assert plan(Load(per_second=6, capacity=10), ATTACK, utilisation=0.6, spare=0).embed == 1
    assert plan(Load(per_second=3, capacity=10), ATTACK, utilisation=0.1, spare=0).embed == 3


def test_more_load_never_needs_fewer_replicas():
    needed = [plan(Load(per_second=n, capacity=7), ATTACK).shared for n in range(1, 200)]
    assert needed == sorted(needed)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Load(per_second=-1, capacity=1),
        lambda: Load(per_second=float("nan"), capacity=1),
        lambda: Load(per_second=1, capacity=0),
        lambda: plan(EMBED, ATTACK, utilisation=0),
        lambda: plan(EMBED, ATTACK, utilisation=1.2),
        lambda: plan(EMBED, ATTACK, spare=-1),
    ],
)
def test_loads_that_are_none(wrong):
    with pytest.raises(BadRequest):
        wrong()


def test_the_table_has_the_figures():
    lines = table(EMBED, ATTACK, 0.6, 1)
    assert lines[1].split() == ["embed", "200", "90", "2.22"]
    assert "6 replicas" in lines[-2] and "5 + 2 = 7 replicas" in lines[-1]
