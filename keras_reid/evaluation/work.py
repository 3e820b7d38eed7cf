"""Cells taken from the store, or computed and put there."""

import dataclasses

from keras_reid.evaluation.cells import Content
from keras_reid.evaluation.evidence import Row
from keras_reid.evaluation.grid import NO_GUIDES, TWIN, Cell
from keras_reid.evaluation.measuring import (
    as_row,
    cell_facts,
    clean_facts,
    measure,
    measure_clean,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """A cell, what it holds, and its Row."""

    cell: Cell
    content: Content
    row: Row


class Work:
    """Takes cells from the store, and computes and keeps those that are not there."""

    def __init__(self, places, store, progress, has_twin):
        self._places, self._store, self._progress = places, store, progress
        self._first_surrogate = 2 if has_twin else 1
        self.computed = self.reused = 0

    def clean(self, index, examples):
        """Content of the figures without attack of the model at `index`."""
        place = self._places[index]
        facts = clean_facts(place, examples)
        return self._kept(facts) or self._keep(facts, measure_clean(place, examples))

    def cells(self, cells):
        """[Measured] in the cells' order."""
        facts = [cell_facts(*self._who(cell), cell) for cell in cells]
        found = [self._kept(each) for each in facts]
        missing = [index for index, content in enumerate(found) if content is None]
        if missing:
            self._embed([cells[index] for index in missing])
        sizes = [cells[index].work(self._images(cells[index])) for index in missing]
        title = f"{len(missing)} cells to compute, {len(cells) - len(missing)} kept"
        advance = self._progress(title, sum(sizes)) if missing else None
        done = 0
        for index, size in zip(missing, sizes, strict=True):
            cell, images = cells[index], self._images(cells[index])

            def on_batch(first, done=done, size=size, images=images):
                advance(done + size * first // images)

            content = measure(*self._who(cell), cell, on_batch)
            found[index] = self._keep(facts[index], content)
            done += size
        return [
            Measured(cell=cell, content=content, row=as_row(cell, content))
            for cell, content in zip(cells, found, strict=True)
        ]

    def _who(self, cell):
        """(Place that is measured, Place that makes the images)."""
        measured = self._places[1 if cell.role == TWIN else 0]
        if cell.protocol is not None:
            measured = measured.under(cell.protocol)
        if cell.maker is None:
            return measured, measured
        return measured, self._places[self._first_surrogate + cell.maker]

    def _images(self, cell):
        if cell.rows is not None:
            return len(cell.rows)
        return len(self._places[0].bench.records(cell.attacked))

    def _embed(self, cells):
        """Embeds before the bar of the cells is drawn."""
        for cell in cells:
            for place in self._who(cell):
                for split in {"query", "gallery", cell.guide_source} - {NO_GUIDES}:
                    place.bench.embeddings(split)

    def _kept(self, facts):
        content = self._store.get(facts)
        self.reused += content is not None
        return content

    def _keep(self, facts, content):
        self._store.put(facts, content)
        self.computed += 1
        # As it will be read: the first call and the second one tell the same.
        return self._store.get(facts) or content
