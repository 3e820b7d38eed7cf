"""Warnings that point at the line of the caller, however deep in this package they arise."""

import sys
import warnings


def warn(message):
    """A UserWarning at the innermost frame that is outside of serving/."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("serving."):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
