"""The one error type that is meant for a person's eyes."""


class ReIDError(ValueError):
    """Bad input, told in one sentence that names the thing and the remedy.

    Entry modules print the sentence and exit with code 2; library callers get
    an ordinary ValueError.
    """


def first_line(error):
    """The first line of somebody else's exception, short enough to go into a sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:200].rstrip(".")
