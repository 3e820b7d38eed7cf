"""A report as one HTML file that needs nothing else."""

import base64
import numbers
from html import escape

from keras_reid.files import aside
from keras_reid.reports.page import PAGE, STYLE

NOTHING = "–"
COMMAND = "command"  # of the provenance: shown as code, to be copied
KEY = """\
<ul class="key" aria-hidden="true">
<li class="match">same person</li>
<li class="stranger">somebody else</li>
<li class="distractor">distractor</li>
</ul>"""


def write_report(path, content):
    """Writes `content`, a ReportContent, as one self-contained HTML page."""
    page = render(content)
    with aside(path) as draft:
        draft.write_text(page, encoding="utf-8")


def render(content):
    """The page as text; everything that comes from `content` is escaped."""
    sections = [
        _section("Results", [_table(table) for table in content.tables]),
        _section("Curves", _figures(content.figures)),
        _section("Rank lists", [KEY, *map(_rank_list, content.rank_lists)][: _some(content)]),
        _section("Threat model", _pairs(content.threat_model)),
        _section("Where these figures come from", _provenance(content.provenance)),
    ]
    return PAGE.substitute(
        title=escape(content.title),
        style=STYLE,
        summary="\n".join(f"<p>{escape(sentence)}</p>" for sentence in content.summary),
        sections="\n".join(filter(None, sections)),
    )


def _some(content):
    """Leaves out the key where there is no rank list."""
    return None if content.rank_lists else 0


def _section(heading, parts):
    if not parts:
        return ""
    body = "\n".join(parts)
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def _table(table):
    numeric = [
        all(_is_number(row[column]) for row in table.rows) for column in range(len(table.columns))
    ]
    head = "".join(
        f'<th scope="col"{_alignment(is_number)}>{escape(name)}</th>'
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    body = "\n".join(_row(row, numeric, table.digits) for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>\n' if table.note else ""
    # Focusable, so that a wide table scrolls by keyboard too.
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(table.caption)}">\n'
        f"<table>\n<caption>{escape(table.caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>\n{note}"
    )


def _row(row, numeric, digits):
    first, *others = (
        (escape(_shown(cell, digits)), _alignment(is_number))
        for cell, is_number in zip(row, numeric, strict=True)
    )
    cells = "".join(f"<td{alignment}>{text}</td>" for text, alignment in others)
    return f'<tr><th scope="row"{first[1]}>{first[0]}</th>{cells}</tr>'


def _is_number(cell):
    """Numbers, also where the caller wrote them out, and cells that hold nothing."""
    if cell is None or isinstance(cell, numbers.Real):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _alignment(is_number):
    return ' class="number"' if is_number else ""


def _shown(cell, digits):
    if cell is None:
        return NOTHING
    if isinstance(cell, numbers.Real) and not isinstance(cell, numbers.Integral):
        return f"{float(cell):.{digits}f}"
    return str(cell)


def _figures(figures):
    pictures = "\n".join(map(_figure, figures))
    return [f'<div class="pictures">\n{pictures}\n</div>'] if pictures else []


def _figure(figure):
    dark = ""
    if figure.dark_png is not None:
        source = _data(figure.dark_png, "image/png")
        dark = f'<source media="(prefers-color-scheme: dark)" srcset="{source}">'
    alt = escape(figure.alt or figure.caption)
    return (
        f'<figure class="picture">\n<picture>{dark}'
        f'<img src="{_data(figure.png, "image/png")}" alt="{alt}"></picture>\n'
        f"<figcaption>{escape(figure.caption)}</figcaption>\n</figure>"
    )


def _rank_list(found):
    lanes = "\n".join(map(_lane, found.lanes))
    return f'<article class="sought">\n<h3>{escape(found.title)}</h3>\n{lanes}\n</article>'


def _lane(lane):
    probes = "\n".join(f"<figure>{_tile(tile)}</figure>" for tile in lane.probes)
    places = "\n".join(
        f'<li class="{escape(place.kind)}">{_tile(place.tile)}</li>' for place in lane.places
    )
    return (
        f'<div class="lane">\n<h4>{escape(lane.name)}</h4>\n'
        f'<div class="probes">\n{probes}\n</div>\n'
        f'<ol class="places">\n{places}\n</ol>\n</div>'
    )


def _tile(tile):
    return (
        f'<img class="tile" src="{_data(tile.encoded, tile.mime)}" alt="{escape(tile.alt)}">'
        f'<span class="label" aria-hidden="true">{escape(tile.label)}</span>'
    )


def _provenance(pairs):
    pairs = dict(pairs)
    command = pairs.pop(COMMAND, None)
    code = [f"<pre><code>{escape(str(command))}</code></pre>"] if command else []
    return code + _pairs(pairs)


def _pairs(pairs):
    rows = "\n".join(
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in dict(pairs).items()
        if value is not None
    )
    return [f"<dl>\n{rows}\n</dl>"] if rows else []


def _data(encoded, mime):
    return f"data:{mime};base64,{base64.b64encode(encoded).decode()}"
