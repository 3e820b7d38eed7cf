"""Pictures as HTML: curves, and rank lists with their tiles, all of them inside the page."""

import base64
from html import escape

KEY = """\
<ul class="key" aria-hidden="true">
<li class="match">same person</li>
<li class="stranger">somebody else</li>
<li class="distractor">distractor</li>
{guides}</ul>"""
GUIDES_KEY = """\
<li class="push">guide that the query was pushed from</li>
<li class="pull">guide that it was pulled to</li>
"""


def figures_html(figures):
    """[HTML] of Figures."""
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


def rank_lists_html(found):
    """[HTML] of RankLists, a key before them."""
    if not found:
        return []
    guided = any(lane.guides for each in found for lane in each.lanes)
    return [KEY.format(guides=GUIDES_KEY if guided else ""), *map(_rank_list, found)]


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
        f'<ol class="places">\n{places}\n</ol>\n{_guides(lane.guides)}</div>'
    )


def _guides(guides):
    groups = "\n".join(
        f'<div class="{escape(each.kind)}"><h5>{escape(each.name)}</h5>\n<div class="tiles">'
        + "\n".join(f"<figure>{_tile(tile)}</figure>" for tile in each.tiles)
        + "</div></div>"
        for each in guides
    )
    return f'<div class="guides">\n{groups}\n</div>\n' if groups else ""


def _tile(tile):
    return (
        f'<img class="tile" src="{_data(tile.encoded, tile.mime)}" alt="{escape(tile.alt)}">'
        f'<span class="label" aria-hidden="true">{escape(tile.label)}</span>'
    )


def _data(encoded, mime):
    return f"data:{mime};base64,{base64.b64encode(encoded).decode()}"
