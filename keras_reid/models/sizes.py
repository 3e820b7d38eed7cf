"""An input size as a person writes it."""

from keras_reid.errors import ReIDError


def parse_size(text):
    """ "256,128" -> (256, 128), height and width; None or "" -> None; else a ReIDError."""
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise ReIDError(f"--input_size={text} is no size; write height,width such as 256,128")
    return int(parts[0]), int(parts[1])
