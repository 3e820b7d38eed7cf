"""Command line for training and measuring: flags -> frozen dataclass -> library call."""

import os

# Before TensorFlow starts: its notes about the processor would bury a command's one sentence.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
