"""Tables as HTML: figures, and the verdicts of checks."""

import numbers
from html import escape

from keras_reid.evaluation.checks.check import FAIL, PASS, WARN

NOTHING = "–"
SIGNS = {FAIL: "✗", WARN: "!", PASS: "✓"}


def table_html(table):
    numeric = [
        all(_is_number(row[column]) for row in table.rows) for column in range(len(table.columns))
    ]
    head = "".join(
        f'<th scope="col"{_alignment(is_number)}>{_heading(name)}</th>'
        for name, is_number in zip(table.columns, numeric, strict=True)
    )
    body = "\n".join(
        _row(row, numeric, table.digits, ' class="strong"' if index in table.strong else "")
        for index, row in enumerate(table.rows)
    )
    note = f'<p class="note">{escape(table.note)}</p>\n' if table.note else ""
    # Focusable, so that a wide table scrolls by keyboard too.
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(table.caption)}">\n'
        f"<table>\n<caption>{escape(table.caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>\n{note}"
    )


def _heading(name):
    """A column's name, which may be broken, but not within a measure and its unit."""
    name = escape(name)
    for loose, fixed in ((" %", "&nbsp;%"), (" /255", "&nbsp;/255"), ("rank-", "rank&#8209;")):
        name = name.replace(loose, fixed)
    return name


def _row(row, numeric, digits, style):
    first, *others = (
        (escape(_shown(cell, digits)), _alignment(is_number))
        for cell, is_number in zip(row, numeric, strict=True)
    )
    cells = "".join(f"<td{alignment}>{text}</td>" for text, alignment in others)
    return f'<tr{style}><th scope="row"{first[1]}>{first[0]}</th>{cells}</tr>'


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


def folded_html(table):
    """A table behind its caption, until the reader opens it."""
    title = f"{escape(table.caption)}, {len(table.rows)} rows"
    return f"<details>\n<summary>{title}</summary>\n{table_html(table)}</details>"


def checks_html(checks):
    """[HTML] of Checks: those that fail, then those that warn; those that pass, folded."""
    if not checks:
        return []
    order = list(SIGNS)
    ranked = sorted(checks, key=lambda check: order.index(check.verdict))
    passed = [check for check in ranked if check.verdict == PASS]
    loud = [check for check in ranked if check.verdict != PASS]
    parts = []
    if loud:
        parts.append(_verdicts("Checks that fail or warn", loud))
    if passed:
        table = _verdicts("Checks that pass", passed)
        parts.append(
            f"<details>\n<summary>Checks that pass, {len(passed)} of {len(checks)}</summary>\n"
            f"{table}\n</details>"
        )
    return parts


def _verdicts(caption, checks):
    # On a phone a row becomes a block, which would take the table's meaning away without roles.
    head = "".join(
        f'<th role="columnheader" scope="col">{name}</th>'
        for name in ("verdict", "check", "point", "figure", "what it means")
    )
    body = "\n".join(map(_verdict, checks))
    return (
        f'<table class="checks" role="table">\n<caption>{escape(caption)}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{body}\n</tbody>\n</table>'
    )


def _verdict(check):
    sign = f'<span aria-hidden="true">{SIGNS[check.verdict]}</span>'
    return (
        f'<tr role="row" class="{check.verdict}">'
        f'<td role="cell" class="verdict">{sign} {check.verdict}</td>'
        f'<th role="rowheader" scope="row">{escape(check.name)}</th>'
        f'<td role="cell" class="point">{check.point}</td>'
        f'<td role="cell" class="found">{escape(check.figure)}</td>'
        f'<td role="cell" class="means">{escape(check.sentence)}</td></tr>'
    )
