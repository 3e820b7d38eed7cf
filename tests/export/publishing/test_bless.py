"""Blessing: figures against bars, against the live version, and what is written about it."""

import dataclasses
import json
import math

import pytest

from export.publishing import markers
from export.publishing.bars import Bars, judge, missed, table
from export.publishing.blessing import bless, known_figures, live_export
from export.publishing.figures import Figures, Setup
from export.publishing.layout import find_export
from export.publishing.publisher import publish
from keras_reid.errors import ReIDError
from tests.export.publishing.fakes import make_base, make_export

SETUP = Setup(data="d1", attacks=("sma", "fna"), epsilon_255=5.0, steps=15, seed=0)


def figures(mean_ap=0.8, sma=0.4, fna=0.2, latency=10.0):
    return Figures(
        mean_ap=mean_ap, robust={"sma": sma, "fna": fna}, setup=SETUP, latency_ms=latency
    )


@pytest.mark.parametrize(
    "bars,live,said",
    [
        ({"min_map": 0.8, "min_robust_map": 0.2, "max_latency_ms": 10}, None, ""),
        ({"min_map": 0.81}, None, "mAP is 0.800, the bar is >= 0.810"),
        ({"min_robust_map": 0.3}, None, "mAP under fna at 5/255 is 0.200, the bar is >= 0.300"),
        ({"max_latency_ms": 9}, None, "ms for one image is 10.000, the bar is <= 9.000"),
        # 0.85 - 0.05 = 0.80 is reached, 0.46 - 0.05 = 0.41 is not.
        ({"max_drop": 0.05}, figures(0.85 - 1e-9, 0.46), "mAP under sma at 5/255 is 0.400"),
        # The higher of the two bars counts.
        ({"max_drop": 0.5, "min_map": 0.9}, figures(0.85), "mAP is 0.800, the bar is >= 0.900"),
        ({"max_drop": 0.0, "min_map": 0.1}, figures(0.85), "mAP is 0.800, the bar is >= 0.850"),
        ({"min_map": 0.1}, figures(0.99, 0.99, 0.99), ""),
    ],
)
def test_what_is_good_enough(bars, live, said):
    judged = judge(figures(), live, Bars(**bars))
    assert missed(judged).startswith(said) and bool(missed(judged)) == bool(said)
    assert [line.split()[-1] for line in table(judged)[1:]].count("MISSED") == bool(said)


@pytest.mark.parametrize("value", [math.nan, None])
def test_a_figure_that_is_none_misses_any_bar(value):
    assert missed(judge(figures(latency=value), None, Bars(max_latency_ms=9)))
    assert not missed(judge(figures(latency=value), None, Bars(min_map=0.1)))


@pytest.mark.parametrize(
    "bars,said",
    [
        ({"min_map": math.nan}, "--min_map must be a share"),
        ({"min_robust_map": 40}, "--min_robust_map must be a share"),
        ({"max_drop": -0.1}, "--max_drop must be a share"),
        ({"max_latency_ms": math.inf}, "--max_latency_ms"),
        ({"max_latency_ms": 0}, "--max_latency_ms"),
        ({}, "no bar is given"),
    ],
)
def test_bars_that_are_none(bars, said):
    with pytest.raises(ReIDError, match=said):
        Bars(**bars)


@pytest.fixture
def export(tmp_path):
    """Validated at 12 ms for one image, not blessed."""
    made = make_export(tmp_path / "models", blessed=False)
    validate(made, 12.0)
    return made


def validate(export, milliseconds):
    content = {"fingerprint": export.fingerprint(), "latency": {"p50_ms": milliseconds}}
    markers.bless(export.main, markers.INFRA, True, content)


def test_a_blessing_tells_figures_bars_and_comparison(export):
    judged, reason = bless(
        export, figures(latency=None), None, Bars(min_map=0.5), origin={"who": "me"}, data={}
    )
    assert not reason and judged[-1].candidate == 12.0  # of the validation
    content = json.loads((export.main / "MODEL_BLESSED").read_text())
    assert content["figures"]["robust"] == {"sma": 0.4, "fna": 0.2}
    assert content["bars"]["min_map"] == 0.5 and content["live"] is None
    assert content["fingerprint"] == export.fingerprint() and content["origin"] == {"who": "me"}
    assert known_figures(export, SETUP) == figures(latency=12.0)
    assert known_figures(export, dataclasses.replace(SETUP, seed=1)) is None
    # Missed now: the blessing goes.
    _, reason = bless(export, figures(), None, Bars(min_map=0.9), origin={}, data={})
    assert "mAP is 0.800" in reason
    assert [path.name for path in export.main.glob("MODEL*")] == ["MODEL_NOT_BLESSED"]


def test_the_live_version_is_the_highest_that_servers_see(tmp_path, export):
    target = make_base(tmp_path)
    first = publish(make_export(tmp_path / "a", "one"), target).version
    publish(make_export(tmp_path / "b", "two"), target)
    newest = live_export(target.main)
    assert newest.version == target.live != first and newest.encoded is not None
    validate(newest, 4.0)
    judged, reason = bless(
        export,
        figures(0.8),
        (newest, figures(0.9, 0.4, 0.2)),
        Bars(max_drop=0.05),
        origin={},
        data={},
    )
    assert reason == "mAP is 0.800, the bar is >= 0.850"
    assert (judged[-1].candidate, judged[-1].live) == (12.0, 4.0)
    content = json.loads((export.main / "MODEL_NOT_BLESSED").read_text())
    assert content["live"]["version"] == newest.version


def test_only_a_validated_export_is_blessed(tmp_path):
    export = make_export(tmp_path / "models", blessed=False)
    with pytest.raises(ReIDError, match="not INFRA_BLESSED; run python -m export.validate"):
        bless(export, figures(), None, Bars(min_map=0.5), origin={}, data={})
    validate(export, 1.0)
    (export.main / "variables" / "variables.index").write_text("other")
    with pytest.raises(ReIDError, match="was changed since it was INFRA_BLESSED"):
        bless(find_export(export.main), figures(), None, Bars(min_map=0.5), origin={}, data={})


def test_figures_survive_json():
    told = json.loads(json.dumps(dataclasses.asdict(figures())))
    assert Figures.from_json(told) == figures()
