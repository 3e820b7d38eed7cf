"""Finding a data set's folder and what lies in it, with a sentence where it is not there."""

from pathlib import Path

from keras_reid.errors import ReIDError

IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png"}


def locate(root, needed, nested=()):
    """The folder that holds every entry of `needed`: `root`, or one of `nested` below it."""
    root = Path(root).expanduser()
    if not root.exists():
        raise ReIDError(f"there is no data folder {root}")
    if not root.is_dir():
        raise ReIDError(f"{root} is not a folder")
    for folder in (root, *(root / name for name in nested)):
        if all((folder / name).exists() for name in needed):
            return folder
    missing = [name for name in needed if not (root / name).exists()]
    raise ReIDError(f"the data folder {root} lacks {', '.join(missing)}")


def image_files(folder):
    """The image files of a folder in name order; refuses a folder without any."""
    paths = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not paths:
        raise ReIDError(f"the folder {folder} holds no JPEG or PNG image")
    return paths


def require_files(records, source):
    """Refuses a list that names images which are not there."""
    missing = [record.path for record in records if not Path(record.path).is_file()]
    if missing:
        raise ReIDError(
            f"{source} names {len(missing)} of {len(records)} images that do not exist, "
            f"first {missing[0]}"
        )
