"""Artefacts for TensorFlow Serving: SavedModels, and the proof that they answer alike."""

import os

# Before TensorFlow starts: its notes about the processor would bury a command's one sentence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
