"""The configuration of a run: written once, and compared when the run is taken up again."""

import dataclasses
import json
from pathlib import Path

from keras_reid.errors import ReIDError
from keras_reid.files import write_json

CONFIG_FILE = "config.json"


def settle_config(path, config):
    """Writes config.json into a workdir, or sees that the run there is of the same configuration.

    A call that failed before its first step leaves nothing but the configuration, which the next
    one may change.

    Args:
      path: the folder.
      config: dataclass (or dictionary) of plain values.

    Raises:
      ReIDError: another configuration, or a folder of something else.
    """
    path, config = Path(path), as_json(config)
    file = path / CONFIG_FILE
    others = [
        child.name
        for child in path.iterdir()
        if not child.name.startswith(".") and child.name != CONFIG_FILE
    ]
    if not file.exists():
        if others:
            raise ReIDError(
                f"{path} holds {others[0]} but no config.json, so it is no workdir; "
                "choose a new or empty folder"
            )
        write_json(file, config)
        return
    different = differences(read_json(file), config)
    if different and others:
        raise ReIDError(
            f"{path} was begun with another configuration ({'; '.join(different)}); "
            "use the same settings, or a new workdir"
        )
    if different:
        write_json(file, config)


def read_json(path):
    """What a JSON file of a workdir holds, or a ReIDError."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReIDError(f"{path} cannot be read; restore it, or choose a new workdir") from error


def as_json(config):
    """The configuration as JSON sees it: tuples are lists, keys are strings."""
    fields = dataclasses.asdict(config) if dataclasses.is_dataclass(config) else dict(config)
    return json.loads(json.dumps(fields))


def differences(before, now, place="the workdir"):
    """["field: 1 in the workdir, 2 now", ...] of two configurations, nested fields by dots."""
    before, now = _flat(before), _flat(now)
    missing = "nothing"
    return [
        f"{name}: {_shown(before.get(name, missing))} in {place}, "
        f"{_shown(now.get(name, missing))} now"
        for name in sorted({*before, *now})
        if before.get(name, missing) != now.get(name, missing)
    ]


def _flat(fields, prefix=""):
    flat = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _shown(value):
    return value if isinstance(value, str) else json.dumps(value)
