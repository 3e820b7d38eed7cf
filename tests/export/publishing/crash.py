"""One change of a serving base in a process of its own, which dies at a named step.

    python -m tests.export.publishing.crash FOLDER ACTION STEP

FOLDER holds models/reid/<n> and serving/. The process ends as a power cut would end it: no
`finally`, no flush. Where the step is never reached it ends with 0.
"""

import os
import sys
from pathlib import Path

from export.publishing.layout import find_export
from export.publishing.publisher import publish
from export.publishing.rollback import roll_back, undo
from export.publishing.target import make_target

DIED = 70


def main(folder, action, step):
    left = [step]

    def die(done):
        if done == left[0]:
            os._exit(DIED)

    target = make_target(Path(folder) / "serving", "reid")
    if action == "publish":
        publish(find_export(Path(folder) / "models/reid/2"), target, at=die)
    elif action == "rollback":
        roll_back(target, at=die)
    elif action == "undo":
        undo(target, at=die)
    elif action == "prune":
        # Only this one speaks with servers, and so loads gRPC.
        from export.publishing.pruning import prune

        prune(target, 1, at=die)


if __name__ == "__main__":
    main(*sys.argv[1:])
