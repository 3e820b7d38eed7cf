"""The output for one fleet, kept beside the tests so that a change of it is seen in a review.

python -m tests.serving.config.golden      writes it anew
"""

import shutil
from pathlib import Path

from tests.serving.config.variants import files_of

FOLDER = Path(__file__).parent / "golden"
VARIANT = "labels"


def kept():
    """{path: text} as it was committed."""
    return {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file()
    }


def write():
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, text in files_of(VARIANT).items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
