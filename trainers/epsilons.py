"""Radii as the command line has them: in 1/255."""

from keras_reid.errors import ReIDError


def parse_epsilons(texts, flag="--epsilons_255"):
    """["1", "5"] -> (1.0, 5.0), in 1/255, or a ReIDError that names the flag."""
    try:
        values = tuple(float(text) for text in texts)
    except ValueError as error:
        raise ReIDError(f"{flag}={','.join(texts)} holds something not a number") from error
    if not values:
        raise ReIDError(f"{flag} is empty; give at least one radius, such as 5")
    if not all(0 <= value <= 255 for value in values):
        raise ReIDError(f"{flag}={','.join(texts)} must be numbers from 0 to 255")
    return values
