"""The output is the committed one, to the byte, and its templates leave nothing unfilled."""

import pytest

from serving.config.render import TEMPLATES, fill
from tests.serving.config import golden
from tests.serving.config.variants import VARIANTS, files_of


def test_the_output_is_the_committed_one():
    written, kept = files_of(golden.VARIANT), golden.kept()
    changed = sorted(p for p in written.keys() | kept.keys() if written.get(p) != kept.get(p))
    assert not changed, "look at them, then: python -m tests.serving.config.golden"


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_placeholder_no_blank_indent_no_long_line_is_left(variant):
    for path, text in files_of(variant).items():
        assert text.endswith("\n") and not text.startswith("\n"), path
        for line in text.splitlines():
            assert line == line.rstrip(), (path, line)
            assert "$app" not in line and "${slow" not in line and "$$" not in line, (path, line)


def test_every_template_is_used():
    rendered = set()
    for variant in VARIANTS:
        for path in files_of(variant):
            folder, _, name = path.rpartition("/")
            rendered.add(f"{folder.removesuffix('-attack')}/{name}".lstrip("/"))
    renamed = {"tls/ssl.config": "server/ssl.config"}
    rendered = {renamed.get(path, path) for path in rendered}
    templates = {str(p.relative_to(TEMPLATES)) for p in TEMPLATES.rglob("*") if p.is_file()}
    parts = {path for path in templates if "/_" in path}
    assert templates - parts <= rendered and len(parts) == 2


def test_a_block_is_indented_dropped_or_taken_as_it_is():
    text = "a:\n  $block\nb: $word\n$none\nc: $$HOME\n"
    values = {"block": "- one\n- $two\n", "word": "$x", "none": ""}
    assert fill(text, values) == "a:\n  - one\n  - $two\nb: $x\nc: $HOME\n"
    with pytest.raises(KeyError):
        fill("$missing\n", {})
