"""A picture of a data set in Market-1501's layout: a row a person, a column a camera."""

from pathlib import Path

from PIL import Image

from keras_reid.data.market1501 import load_market1501
from keras_reid.errors import ReIDError
from keras_reid.files import aside

GAP = 4
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}


def write_contact_sheet(path, root, *, people=8, each=2):
    """Writes a PNG or JPEG of the first test people of a data set.

    Args:
      path: the picture to write.
      root: a folder in Market-1501's layout.
      people: rows.
      each: images of a person under a camera.
    """
    kind = FORMATS.get(Path(path).suffix.lower())
    if kind is None:
        raise ReIDError(f"a contact sheet is a PNG or a JPEG; {path} ends in neither")
    dataset = load_market1501(root)
    records = dataset.query + dataset.gallery
    pids = sorted({record.pid for record in dataset.query})[:people]
    cameras = sorted({record.camid for record in records})
    width, height = Image.open(records[0].path).size
    column, row = each * width + GAP, height + GAP
    sheet = Image.new("RGB", (len(cameras) * column - GAP, len(pids) * row - GAP), "white")
    for y, pid in enumerate(pids):
        for x, camid in enumerate(cameras):
            shown = [r for r in records if (r.pid, r.camid) == (pid, camid)][:each]
            for place, record in enumerate(shown):
                with Image.open(record.path) as image:
                    sheet.paste(image, (x * column + place * width, y * row))
    with aside(path) as draft:
        sheet.save(draft, kind)
