"""A report as one HTML file that needs nothing else."""

from html import escape

from keras_reid.files import aside
from keras_reid.reports.html_pictures import figures_html, rank_lists_html
from keras_reid.reports.html_tables import checks_html, folded_html, table_html
from keras_reid.reports.page import PAGE
from keras_reid.reports.style import STYLE

COMMAND = "command"  # of the provenance: shown as code, to be copied


def write_report(path, content):
    """Writes `content`, a ReportContent, as one self-contained HTML page."""
    page = render(content)
    with aside(path) as draft:
        draft.write_text(page, encoding="utf-8")


def render(content):
    """The page as text; everything that comes from `content` is escaped."""
    tables = [*map(table_html, content.tables), *map(folded_html, content.folded)]
    sections = {
        "Results": tables,
        content.figures_heading: figures_html(content.figures),
        "Rank lists": rank_lists_html(content.rank_lists),
        "Checks": checks_html(content.checks),
        "Notes": _notes(content.notes),
        "Threat model": _pairs(content.threat_model),
        "Settings": _pairs(content.settings),
        "Where these figures come from": _provenance(content.provenance),
    }
    sections = {heading: parts for heading, parts in sections.items() if parts}
    warning = f'<p class="warning" role="note">{escape(content.warning)}</p>'
    return PAGE.substitute(
        title=escape(content.title),
        style=STYLE,
        warning=f"{warning}\n" if content.warning else "",
        key_figures=_key_figures(content.key_figures),
        summary="\n".join(f"<p>{escape(sentence)}</p>" for sentence in content.summary),
        contents=_contents(sections),
        sections="\n".join(_section(*each) for each in sections.items()),
    )


def _section(heading, parts):
    body = "\n".join(parts)
    return f'<section id="{_anchor(heading)}">\n<h2>{escape(heading)}</h2>\n{body}\n</section>'


def _contents(sections):
    """Links to the sections, where there are several."""
    links = " ".join(f'<a href="#{_anchor(heading)}">{escape(heading)}</a>' for heading in sections)
    return f"<nav>{links}</nav>\n" if len(sections) > 1 else ""


def _anchor(heading):
    return heading.lower().replace(" ", "-")


def _key_figures(key_figures):
    parts = "\n".join(
        f"<div><dt>{escape(each.label)}</dt><dd><strong>{escape(each.figure)}</strong>"
        f"<span>{escape(each.detail)}</span></dd></div>"
        for each in key_figures
    )
    return f'<dl class="glance">\n{parts}\n</dl>\n' if parts else ""


def _notes(notes):
    items = "\n".join(f"<li>{escape(note)}</li>" for note in notes)
    return [f'<ul class="notes">\n{items}\n</ul>'] if items else []


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
