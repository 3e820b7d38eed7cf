"""The published models on disk: which versions there are, and which of them a fleet serves."""

import dataclasses
from pathlib import Path

from serving.config.saved_model import read_export
from serving.errors import BadRequest
from serving.server.versions import Latest, Specific, versions_on_disk


@dataclasses.dataclass(frozen=True)
class Servable:
    """name: in requests and on disk; exports: {version: Export} of the versions to serve."""

    name: str
    folders: dict
    exports: dict


def read_fleet(models, settings):
    """[main, encoded] Servables below the folder `models`; raises BadRequest."""
    models = Path(models)
    if not models.is_dir():
        raise BadRequest(
            f"--models {models} is no folder; it is the one above {settings.name} and "
            f"{settings.encoded}, where the published versions are"
        )
    return [
        read_servable(models, name, settings.labels) for name in (settings.name, settings.encoded)
    ]


def read_servable(models, name, labels):
    """One servable and the versions that `labels` ({label: version}) ask for, or the latest."""
    home = models / name
    try:
        found = versions_on_disk(home)
    except OSError as error:
        raise BadRequest(
            f"{home} cannot be listed ({error.strerror}): publish the model, or name it with --name"
        ) from error
    if not found:
        raise BadRequest(f"{home} has no version, a folder whose name is a number: publish one")
    for label, version in labels.items():
        if version not in found:
            raise BadRequest(
                f"--{label}={version} is no version of {home}; there are "
                f"{', '.join(map(str, sorted(found)))}"
            )
    policy = Specific(tuple(labels.values())) if labels else Latest()
    folders = {version: found[version] for version in policy.choose(found)}
    return Servable(name, folders, {v: read_export(folder) for v, folder in folders.items()})


def max_batch(servables):
    """Images of the largest request that a client of these may send, or None if none tells."""
    told = [export.max_batch for servable in servables for export in servable.exports.values()]
    return max((batch for batch in told if batch), default=None)
