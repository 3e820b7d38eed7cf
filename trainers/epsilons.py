"""Lists of numbers as the command line has them: radii in 1/255, shares of the pixels."""

from keras_reid.errors import ReIDError


def parse_epsilons(texts, flag="--epsilons_255"):
    """["1", "5"] -> (1.0, 5.0), in 1/255, or a ReIDError that names the flag."""
    values = _parse(texts, flag, lambda value: 0 <= value <= 255, "from 0 to 255")
    if not values:
        raise ReIDError(f"{flag} is empty; give at least one radius, such as 5")
    return values


def parse_shares(texts, flag="--pixel_shares"):
    """["1", "0.1"] -> (0.1, 1.0), or a ReIDError that names the flag; [] and [""] -> ()."""
    texts = [text for text in texts if text]
    shares = _parse(texts, flag, lambda share: 0 < share <= 1, "above 0 and up to 1")
    return tuple(sorted(set(shares)))


def _parse(texts, flag, allowed, which):
    try:
        values = tuple(float(text) for text in texts)
    except ValueError as error:
        raise ReIDError(f"{flag}={','.join(texts)} holds something not a number") from error
    if not all(map(allowed, values)):
        raise ReIDError(f"{flag}={','.join(texts)} must be numbers {which}")
    return values
