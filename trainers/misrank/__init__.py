"""Training a mis-ranking generator: its configuration and the training itself."""

from trainers.misrank.config import MisrankConfig
from trainers.misrank.presets import PRESETS, resolve
from trainers.misrank.train import train

__all__ = ["PRESETS", "MisrankConfig", "resolve", "train"]
