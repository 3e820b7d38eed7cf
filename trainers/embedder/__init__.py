"""Training an embedder: its configuration and the training itself."""

from trainers.embedder.config import EmbedderConfig
from trainers.embedder.presets import PRESETS, resolve
from trainers.embedder.train import train

__all__ = ["PRESETS", "EmbedderConfig", "resolve", "train"]
