"""Adversarial images as files: lossless PNG, with a JSON sidecar that says what was done."""

from pathlib import Path

import numpy as np
from PIL import Image

from keras_reid.files import aside, write_json


class ImageSaver:
    """Writes `<folder>/<image name>.png` and `.json`; called as `on_batch` of `run_trial`.

    Args:
      folder: created when missing.
      records: of the attacked side, in order.
      trial: Trial.
      facts: what else the sidecar should say (guide source, seed, fingerprints ...).
      limit: images to save, from the first; None saves all.
    """

    def __init__(self, folder, records, trial, facts, limit=None):
        self.folder = Path(folder)
        self.records = records
        self.trial = trial
        self.facts = facts
        self.limit = len(records) if limit is None else limit
        stems = [Path(record.path).stem for record in records]
        # Names of a CSV set may repeat from folder to folder; then the index keeps them apart.
        unique = len(set(stems)) == len(stems)
        self._names = stems if unique else [f"{i:06d}_{stem}" for i, stem in enumerate(stems)]

    def path(self, index):
        """Where the image `index` is saved; None beyond the limit."""
        return self.folder / f"{self._names[index]}.png" if index < self.limit else None

    def __call__(self, first, clean, adversarial, moved):
        for row in range(min(len(clean), self.limit - first)):
            record = self.records[first + row]
            change = adversarial[row].astype(int) - clean[row]
            with aside(self.path(first + row)) as draft:
                Image.fromarray(adversarial[row]).save(draft, format="PNG")
            write_json(
                self.path(first + row).with_suffix(".json"),
                {
                    "source": record.path,
                    "pid": record.pid,
                    "camid": record.camid,
                    "attack": self.trial.attack,
                    "epsilon_255": round(self.trial.epsilon * 255, 4),
                    "linf_255": int(np.abs(change).max()),
                    "l2": float(np.sqrt(np.square(change / 255.0).sum())),
                    "displacement": float(moved[row]),
                    **self.facts,
                },
            )
