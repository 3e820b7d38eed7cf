"""Training an embedder that withstands attacks."""

from trainers.goat.config import GoatConfig
from trainers.goat.presets import PRESETS, resolve
from trainers.goat.train import train

__all__ = ["PRESETS", "GoatConfig", "resolve", "train"]
