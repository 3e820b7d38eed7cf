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


def decoded(source):
    """(format, size) of a picture in a data: address."""
    head, encoded = source.split(",", 1)
    image = Image.open(io.BytesIO(base64.b64decode(encoded, validate=True)))
    image.load()
    assert head == f"data:image/{image.format.lower()};base64"
    return image.format, image.size
