"""Where Beam is not installed, as in the main environment, the command says so."""

import importlib.util

from tests.commands import assert_refused, call


def test_a_missing_beam_is_one_sentence(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "apache_beam" else found(name, *rest),
    )
    out = tmp_path / "out"
    done = call("export.bulk_embed", f"--input={tmp_path}", f"--output={out}", "--servable=x")
    assert_refused(done, "needs apache_beam", "keras_reid[beam]")
    assert not out.exists()
