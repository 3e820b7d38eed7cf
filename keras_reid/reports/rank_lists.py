"""Rank lists as pictures: who was found for a query, before and after the attack.

An entry of a results file is
    {"query": {"path", "pid", "camid"}, "clean": places,
     "attack", "epsilon_255", "adversarial": path of a PNG or None, "attacked": places}
without the last line where nothing was attacked; a place is {"path", "pid", "camid", "distance",
"match"}, nearest first. Entries of a robustness evaluation also say "attacked_side", "guide_source"
and "guides": {"push": [{"path", "pid", "camid"}, ...], "pushes": how many there were, "pull",
"pulls"}, or {} where no image guided.
"""

import io
import os

import numpy as np
from PIL import Image

from keras_reid.data.images import pixel_batches
from keras_reid.data.records import DISTRACTOR as DISTRACTOR_PID
from keras_reid.data.records import Record
from keras_reid.errors import ReIDError
from keras_reid.reports.content import (
    DISTRACTOR,
    MATCH,
    PULL,
    PUSH,
    STRANGER,
    Guides,
    Lane,
    Place,
    RankList,
    Tile,
)

LARGEST_TILE = 192  # pixels, the longer side
PLURALS = {PUSH: "pushes", PULL: "pulls"}
DIRECTIONS = {PUSH: "pushed away from", PULL: "pulled towards"}
VERDICTS = {MATCH: "correct", STRANGER: "wrong", DISTRACTOR: "a distractor"}


def rank_lists(entries, *, places=10):
    """Entries of a results file as RankLists, one a query: all attacks on it below each other.

    Args:
      entries: in the order to be shown; their image files must still be there.
      places: how many of the nearest are shown.

    Returns:
      tuple of RankList.
    """
    by_query = {}
    for entry in entries:
        by_query.setdefault(entry["query"]["path"], []).append(entry)
    return tuple(_rank_list(same_query, places) for same_query in by_query.values())


def _rank_list(entries, places):
    query = entries[0]["query"]
    attacked = [entry for entry in entries if "attacked" in entry]
    clean = Tile(_file_tile(query["path"]), f"query: {_who(query)}", "query", "image/jpeg")
    before = "Before" if attacked else "Ranking"
    lanes = [Lane(before, (clean,), _places(entries[0]["clean"], places))]
    for entry in attacked:
        attack = f"{_spoken(entry)}, epsilon {entry['epsilon_255']:g}/255"
        probes = _attacked_probes(query, entry["adversarial"], attack) or (clean,)
        ranking = _places(entry["attacked"], places)
        lanes.append(Lane(f"After {attack}", probes, ranking, _guides(entry.get("guides", {}))))
    title = f"Person {query['pid']}, seen by camera {query['camid']}"
    return RankList(title, tuple(lanes))


def _spoken(entry):
    """The attack, and what is not said by its name."""
    side, source = entry.get("attacked_side", "query"), entry.get("guide_source", "query")
    words = [entry["attack"].replace("_", " ")]
    if side != "query":
        words.append(f"{side} attacked")
    if source not in (side, "none"):
        words.append(f"{source} guides")
    return ", ".join(words)


def _guides(guides):
    """Who steered, in both directions; nothing of a direction without guides."""
    found = []
    for kind, direction in DIRECTIONS.items():
        shown, total = guides.get(kind, ()), guides.get(PLURALS[kind], 0)
        if shown:
            tiles = tuple(
                Tile(
                    _file_tile(row["path"]),
                    f"guide, {direction}: {_who(row)}",
                    f"{row['pid']} · c{row['camid']}",
                    "image/jpeg",
                )
                for row in shown
            )
            found.append(Guides(kind, f"{direction}: {len(shown)} of {total} shown", tiles))
    return tuple(found)


def perturbation(clean, adversarial):
    """(uint8 picture of the change around grey, the factor it is magnified by).

    Args:
      clean, adversarial: uint8 [height, width, 3].
    """
    change = np.asarray(adversarial).astype(np.int16) - clean
    factor = max(127 // max(int(np.abs(change).max()), 1), 1)
    return np.clip(128 + factor * change, 0, 255).astype(np.uint8), factor


def _attacked_probes(query, path, attack):
    """The adversarial query and its change; nothing where that image was not saved."""
    if path is None or not os.path.exists(path):
        return ()
    adversarial = np.asarray(_opened(path).convert("RGB"))
    # The clean pixels as the model got them, at the attack's resolution, by the one resize.
    record = Record(query["path"], query["pid"], query["camid"], "query")
    clean = next(pixel_batches([record], adversarial.shape[:2], 1))[0]
    change, factor = perturbation(clean, adversarial)
    return (
        Tile(_png(adversarial), f"the query after {attack}", "adversarial"),
        Tile(
            _png(change), f"the change of the pixels, {factor} times magnified", f"change ×{factor}"
        ),
    )


def _places(rows, count):
    return tuple(_place(rank, row) for rank, row in enumerate(rows[:count], 1))


def _place(rank, row):
    kind = MATCH if row["match"] else DISTRACTOR if row["pid"] == DISTRACTOR_PID else STRANGER
    alt = f"rank {rank}: {_who(row)}, {VERDICTS[kind]}, distance {row['distance']:.3g}"
    # A distractor is nobody: its frame and sign say so.
    label = f"c{row['camid']}" if kind == DISTRACTOR else f"{row['pid']} · c{row['camid']}"
    return Place(Tile(_file_tile(row["path"]), alt, label, "image/jpeg"), kind)


def _who(row):
    if row["pid"] == DISTRACTOR_PID:
        return f"nobody sought, camera {row['camid']}"
    return f"person {row['pid']}, camera {row['camid']}"


def _file_tile(path):
    """JPEG bytes of an image file, not larger than a tile."""
    image = _opened(path).convert("RGB")
    image.thumbnail((LARGEST_TILE, LARGEST_TILE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _png(pixels):
    """Lossless: a perturbation would not survive JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _opened(path):
    try:
        return Image.open(path)
    except OSError as error:
        raise ReIDError(
            f"cannot show the image {path}: {error.strerror or 'no image'}; restore it, or report "
            "without rank lists (--rank_lists=)"
        ) from error
