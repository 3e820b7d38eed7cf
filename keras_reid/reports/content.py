"""What a report says, apart from how it looks."""

import dataclasses

from keras_reid.evaluation.checks.check import Check

MATCH, STRANGER, DISTRACTOR = "match", "stranger", "distractor"
PUSH, PULL = "push", "pull"


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows under a caption. The first cell names its row; a column of numbers is aligned as such.

    Cells are text, numbers (a float is shown with `digits` decimals; text that reads as a number
    stays as it is) or None for "does not apply". `strong` are the indices of rows that stand out.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple, ...]
    note: str = ""
    digits: int = 1
    strong: tuple[int, ...] = ()

    def __post_init__(self):
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"a row of {len(row)} cells does not fit {len(self.columns)} columns: {row}"
                )


@dataclasses.dataclass(frozen=True)
class KeyFigure:
    """A figure to be seen before anything is read: what it is of, itself, and what it means."""

    label: str
    figure: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Figure:
    """A picture: PNG bytes, the words under it and, for those who can't see it, in its place."""

    png: bytes
    caption: str
    alt: str = ""
    dark_png: bytes | None = None  # shown instead where the reader prefers dark pages


@dataclasses.dataclass(frozen=True)
class Tile:
    """A small picture of a person: encoded bytes and what they show, in words."""

    encoded: bytes
    alt: str
    label: str = ""
    mime: str = "image/png"


@dataclasses.dataclass(frozen=True)
class Place:
    """One place of a ranking."""

    tile: Tile
    kind: str  # MATCH, STRANGER or DISTRACTOR


@dataclasses.dataclass(frozen=True)
class Guides:
    """Images that steered an attack, in one direction."""

    kind: str  # PUSH or PULL
    name: str
    tiles: tuple[Tile, ...]


@dataclasses.dataclass(frozen=True)
class Lane:
    """A query, as the model got it, what the model answered, nearest first, and who steered it."""

    name: str
    probes: tuple[Tile, ...]
    places: tuple[Place, ...]
    guides: tuple[Guides, ...] = ()


@dataclasses.dataclass(frozen=True)
class RankList:
    """One person sought: the ranking, and the ranking after the attack where there was one."""

    title: str
    lanes: tuple[Lane, ...]


@dataclasses.dataclass(frozen=True)
class ReportContent:
    """A whole report.

    title: of the page. warning: what makes the page unreliable, above everything else.
    summary: sentences; the first is the most important. key_figures: a few, in large print.
    tables, figures, rank_lists: in the order they are shown; tables[0] is the headline.
    figures_heading: what stands above the figures.
    folded: tables that are shown when asked for.
    checks: what the report found out about itself. notes: sentences that a reader has to know.
    threat_model, settings, provenance: (name, value) pairs, or dictionaries; a value None is left
      out.
    """

    title: str
    warning: str = ""
    summary: tuple[str, ...] = ()
    key_figures: tuple[KeyFigure, ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    figures_heading: str = "Curves"
    rank_lists: tuple[RankList, ...] = ()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    threat_model: tuple[tuple[str, object], ...] = ()
    settings: tuple[tuple[str, object], ...] = ()
    provenance: tuple[tuple[str, object], ...] = ()
