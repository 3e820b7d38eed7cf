"""Person re-identification: learn it, attack it, defend it, measure it, ship it."""

__version__ = "0.1.0"
