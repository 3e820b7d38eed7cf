"""The one error type that is meant for a person's eyes."""


class ReIDError(ValueError):
    """Bad input, told in one sentence that names the thing and the remedy.

    Entry modules print the sentence and exit with code 2; library callers get
    an ordinary ValueError.
    """
