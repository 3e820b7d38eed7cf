"""Training an embedder: its configuration and the training itself."""

from trainers.embedder.config import PRESETS, EmbedderConfig, resolve
from trainers.embedder.train import train

__all__ = ["PRESETS", "EmbedderConfig", "resolve", "train"]
