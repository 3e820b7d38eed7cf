"""A trained mis-ranking generator as one more attack: what it is, whom it was trained against."""

import dataclasses
import os
from pathlib import Path

from keras_reid.errors import ReIDError
from keras_reid.evaluation.attack_runner import Attacked
from keras_reid.evaluation.misrank_runner import MisrankRunner
from keras_reid.evaluation.trials import MISRANK, Trial
from keras_reid.misrank import MisrankAttack, count_pixels, load_attack
from keras_reid.models.sources import read_config
from keras_reid.models.weights import fingerprint

CONFIG = "config.json"
TRAINED_ON = ("victim", "victim_fingerprint", "data", "data_fingerprint", "epsilon_255")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Generator:
    """A generator and how many pixels it may change.

    num_pixels: of each image; 0: all.
    fingerprint: of its weights.
    trained_on: values of `TRAINED_ON` from its workdir; {} where there is none.
    """

    attack: MisrankAttack
    source: str
    fingerprint: str
    num_pixels: int = 0
    trained_on: dict = dataclasses.field(default_factory=dict)

    @property
    def input_size(self):
        return self.attack.input_size

    def check_size(self, model):
        """Refuses a model of another input size: the ball is one of pixels."""
        if tuple(model.input_size) != self.input_size:
            height, width = self.input_size
            raise ReIDError(
                f"the generator {self.source} takes crops of {height}x{width} (height x width) and "
                f"{model.source} takes {model.input_size[0]}x{model.input_size[1]}; train one with "
                f"--input_size={model.input_size[0]},{model.input_size[1]}"
            )

    def trials(self, epsilons):
        """One Trial a radius in [0, 1]; the settings are what decides its images."""
        settings = {
            "generator": self.fingerprint,
            "perturbation": self.attack.model.perturbation,
            "num_pixels": self.num_pixels,
        }
        return [Trial(attack=MISRANK, epsilon=epsilon, settings=settings) for epsilon in epsilons]

    def describe(self):
        """A dict, ready for JSON."""
        return {
            "source": self.source,
            "fingerprint": self.fingerprint,
            "input_size": list(self.input_size),
            "num_pixels": self.num_pixels,
            **{name: self.trained_on.get(name) for name in TRAINED_ON},
        }


class GeneratorRunner:
    """A Generator where an `AttackRunner` is expected: no guides, no gradient, no chance."""

    name, guided, differentiates = MISRANK, False, False

    def __init__(self, generator, *, batch_size):
        self._runner = MisrankRunner(generator.attack, batch_size=batch_size)
        self._num_pixels = generator.num_pixels

    def attacked(self, pixels, guides=None, *, epsilon, **unused):
        """Attacks uint8 pixels [N, H, W, 3]; `Attacked`, without zero gradients."""
        found, _ = self._runner.run(pixels, epsilon=epsilon, num_pixels=self._num_pixels)
        return Attacked(found, None)


def load_generator(source, num_pixels=None):
    """The Generator in a workdir of trainers.train_misrank, or in its model.keras.

    Args:
      num_pixels: a count, a share in (0, 1], or None for every pixel.

    Raises:
      ReIDError: nothing there, another kind of model, or more pixels than a crop has.
    """
    source = os.fspath(source)
    attack = load_attack(source)
    pixels = attack.input_size[0] * attack.input_size[1]
    count = count_pixels(num_pixels, pixels)
    folder = Path(source) if Path(source).is_dir() else Path(source).parent
    config = read_config(folder / CONFIG) if (folder / CONFIG).exists() else {}
    return Generator(
        attack=attack,
        source=source,
        fingerprint=fingerprint(attack.model.get_weights()),
        num_pixels=0 if count == pixels else count,
        trained_on={name: config[name] for name in TRAINED_ON if name in config},
    )
