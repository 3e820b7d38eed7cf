"""Training an embedder that withstands attacks."""

from trainers.goat.config import PRESETS, GoatConfig, resolve
from trainers.goat.train import train

__all__ = ["PRESETS", "GoatConfig", "resolve", "train"]
