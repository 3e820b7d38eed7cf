"""Dataclass fields that know their own command-line flag: one place for default, help and check."""

import dataclasses
import json
import typing

from absl import flags

from keras_reid.errors import ReIDError
from trainers import plugins


def setting(default, help_text, choices=None, parse=None, or_path=False):
    """A dataclass field with a flag.

    Args:
      choices: the allowed strings.
      parse: text -> value, for what is no int, float, bool or str; raises ValueError.
      or_path: beside the choices, package.module:Name is allowed, too.
    """
    return dataclasses.field(
        default=default,
        metadata={"help": help_text, "choices": choices, "parse": parse, "or_path": or_path},
    )


def define_flags(config_class, values=flags.FLAGS):
    """A flag for each `setting` of the class; unset means: what the preset says."""
    for field in _settings(config_class):
        note, choices = field.metadata["help"], field.metadata["choices"]
        kind = None if field.metadata["parse"] else _kind(config_class, field)
        if field.metadata["or_path"]:
            flags.DEFINE_string(field.name, None, f"<{'|'.join(_allowed(field))}>: {note}", values)
        elif choices:
            flags.DEFINE_enum(field.name, None, list(choices), note, values)
        elif kind is bool:
            flags.DEFINE_bool(field.name, None, note, values)
        elif kind is int:
            flags.DEFINE_integer(field.name, None, note, flag_values=values)
        elif kind is float:
            flags.DEFINE_float(field.name, None, note, flag_values=values)
        else:
            flags.DEFINE_string(field.name, None, note, values)


def given(config_class, values):
    """{field: value} of the flags that were set, parsed.

    Args:
      values: absl's FLAGS.
    """
    found = {}
    for field in _settings(config_class):
        value = values[field.name].value
        if value is None:
            continue
        parse = field.metadata["parse"]
        try:
            found[field.name] = parse(value) if parse else value
        except ValueError as error:
            raise ReIDError(f"--{field.name}={value} cannot be read: {error}") from error
    return found


def check_choices(config):
    """Refuses strings that a field does not know."""
    for field in _settings(type(config)):
        value, choices = getattr(config, field.name), field.metadata["choices"]
        if not choices or value is None or value in choices:
            continue
        if field.metadata["or_path"] and plugins.is_path(value):
            continue
        raise ReIDError(f"{field.name} is {value!r}; use one of {', '.join(_allowed(field))}")


def whole_numbers(text):
    """ "20,40" -> (20, 40); "" -> ()."""
    return tuple(int(part) for part in text.split(",") if part.strip())


def names(text):
    """ "sma,fna" -> ("sma", "fna"); "" -> ()."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def size(text):
    """ "256,128" -> (256, 128)."""
    numbers = whole_numbers(text)
    if len(numbers) != 2 or min(numbers) < 1:
        raise ValueError("write height,width such as 256,128")
    return numbers


def json_object(text):
    """'{"margin": 0.3}' -> {"margin": 0.3}; '{}' -> None."""
    try:
        # NaN is no JSON, and equals nothing, not even itself in the config.json of a resumed run.
        value = json.loads(text, parse_constant=lambda name: json.loads(""))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ValueError("""write a JSON object such as '{"margin": 0.3}'""")
    return value or None


def _settings(config_class):
    return [field for field in dataclasses.fields(config_class) if "help" in field.metadata]


def _allowed(field):
    return [*field.metadata["choices"], *([plugins.FORM] if field.metadata["or_path"] else [])]


def _kind(config_class, field):
    hint = typing.get_type_hints(config_class)[field.name]
    return next(kind for kind in (*typing.get_args(hint), hint) if kind is not type(None))
