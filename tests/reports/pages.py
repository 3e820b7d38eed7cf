"""Reads a page as a browser would, far enough to say whether its structure is sound."""

import base64
import io
from html.parser import HTMLParser

from PIL import Image

VOID = {"meta", "img", "source", "br"}


class Page(HTMLParser):
    """`tags`: (name, attributes) of every element; `words`: all text; raises on unclosed ones."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.words, self._open = [], [], []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


class Tables(HTMLParser):
    """`found`: one {"caption", "class", "rows"} a table, the cells of each row as text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found, self._cell, self._hidden = [], None, 0
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.found.append({"caption": "", "class": dict(attrs).get("class"), "rows": []})
        elif tag == "tr":
            self.found[-1]["rows"].append([])
        elif tag in ("th", "td", "caption"):
            self._cell = ""
        elif tag == "span" and dict(attrs).get("aria-hidden"):
            self._hidden += 1

    def handle_endtag(self, tag):
        if tag == "caption":
            self.found[-1]["caption"] = self._cell
        elif tag in ("th", "td"):
            # Whatever keeps words together on a page is an ordinary space or hyphen in a test.
            self.found[-1]["rows"][-1].append(" ".join(self._cell.split()).replace("\u2011", "-"))
        self._hidden -= tag == "span" and self._hidden > 0

    def handle_data(self, data):
        if self._cell is not None and not self._hidden:
            self._cell += data

    def named(self, start):
        """The rows, without the head, of the table whose caption starts like this."""
        (table,) = (table for table in self.found if table["caption"].startswith(start))
        head, *rows = table["rows"]
        return [dict(zip(head, row, strict=True)) for row in rows]


def decoded(source):
    """(format, size) of a picture in a data: address."""
    head, encoded = source.split(",", 1)
    image = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
    image.load()
    assert head == f"data:image/{image.format.lower()};base64"
    return image.format, image.size
