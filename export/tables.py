"""Parity rows as a table for a terminal."""

from keras_reid.errors import ReIDError


def print_rows(rows):
    """One line per comparison."""
    for row in rows:
        verdict = "ok  " if row.holds else "FAIL"
        print(f"  {verdict} {row.what:<52} {row.figure:10.3g}  ({row.bar})")


def refuse_failures(rows, what):
    """Raises ReIDError, naming the model or export `what`, when a comparison missed its bar."""
    failed = [row.what for row in rows if not row.holds]
    if failed:
        raise ReIDError(
            f"{what} and its export differ ({'; '.join(failed)}); do not serve it, and "
            "report the model with its versions"
        )
