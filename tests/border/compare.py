"""How far the answers of an export differ between the stack that made it and this one.

    python -m tests.border.compare FOLDER

prints a line for each signature of each stack's export under FOLDER (see make_files).
"""

import sys
from pathlib import Path

import numpy as np

from export.parity import PIXEL_SHARE, attack_rows, embedding_row
from export.session import ServedModel
from keras_reid import compat
from keras_reid.attacks import ATTACKS
from serving import contract
from tests.border.make_files import SIZE, images


def compare(folder, name=None):
    """Rows of one stack's export as this process runs it: of attack `name`, of embed if None."""
    with np.load(folder / "answers.npz") as file:
        answers = dict(file)
    with ServedModel(folder / "models" / "reid" / "1") as served:
        if name is None:
            found = served.run(contract.EMBED, {"images": images(SIZE, 6)})["embeddings"]
            return [embedding_row("embed", answers["embeddings"], found)]
        request, expected = (part(answers, f"{name}/{which}/") for which in ("request", "answer"))
        found = served.run(contract.attack_signature_name(name), request)
    moved = found["displacement"][:, None]
    return attack_rows(f"attack_{name}", found["adversarial"], moved, expected, PIXEL_SHARE)


def part(answers, prefix):
    """The arrays whose name starts with `prefix`, without it."""
    return {
        key.removeprefix(prefix): value for key, value in answers.items() if key.startswith(prefix)
    }


if __name__ == "__main__":
    for stack in ("keras3", "keras2"):
        print(f"exported by {stack}, run by {compat.STACK}")
        for attack in (None, *ATTACKS):
            for row in compare(Path(sys.argv[1]) / stack, attack):
                print(f"  {row.what:40} {row.figure:.6g}  ({row.bar})")
