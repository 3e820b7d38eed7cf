"""Writing a version of a model where a server will find it, whole or not at all.

<base>/<name>/<version>/saved_model.pb ...           embed, describe, attacks; batchable
<base>/<name>_encoded/<version>/saved_model.pb ...   JPEG or PNG in; unbatched
"""

import time
from pathlib import Path

import tensorflow as tf

from export.batching_file import write_batching_file
from export.encoded import build_encoded
from export.module import build_servable
from keras_reid.errors import ReIDError
from keras_reid.files import aside
from serving import contract


def export_model(model, base, name, attack_names, limits, *, version=None, check=None, **settings):
    """Exports both servables of `model` under one version number, both or neither.

    Args:
      model: LoadedModel.
      base: folder that holds the models.
      name: of the servable, as clients will say it.
      attack_names, limits, **settings: see `build_servable`.
      version: positive int; None: unix time, or the last version + 1 if that is later.
      check: called with the folder of the main servable before any server can see it; what it
        raises ends the export with nothing left behind.

    Returns:
      (path of the main version, path of the encoded version).

    Raises:
      ReIDError: a bad name, a version that exists, or a place that cannot be written.
    """
    if not name or "/" in name or name.startswith("."):
        raise ReIDError(f"servable name {name!r} is no folder name; use letters, digits, - and _")
    homes = [Path(base) / name, Path(base) / (name + contract.ENCODED_SUFFIX)]
    last = max((number for home in homes for number in versions(home)), default=0)
    version = max(int(time.time()), last + 1) if version is None else version
    for home in homes:
        if (home / str(version)).exists():
            raise ReIDError(f"{home / str(version)} exists already; choose another version")
    main, encoded = (home / str(version) for home in homes)
    servables = (
        build_servable(model, attack_names, limits, **settings),
        build_encoded(model, limits),
    )
    # Left in reverse order, so the encoded servable appears first: a client that sees the main one
    # may rely on both.
    with aside(main) as main_draft, aside(encoded) as encoded_draft:
        for (module, functions), draft in zip(servables, (main_draft, encoded_draft), strict=True):
            tf.saved_model.save(module, str(draft), signatures=functions)
        write_batching_file(main_draft, limits)
        if check:
            check(main_draft)
    return main, encoded


def versions(home):
    """Version numbers below one model's folder, ascending; what else lies there is ignored."""
    if not home.is_dir():
        return []
    return sorted(int(child.name) for child in home.iterdir() if child.name.isdecimal())
