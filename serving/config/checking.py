"""What is wrong with a generated folder, or with any models.config: findings, not exceptions."""

import dataclasses
from pathlib import Path, PurePosixPath

from serving.config import batching, folder, protos
from serving.config.certificates import examine
from serving.config.fleet_files import SSL_CONFIG
from serving.config.saved_model import read_export, takes_encoded_images
from serving.errors import BadRequest, ServingError
from serving.server.model_config import parse_model_config
from serving.server.versions import Specific, versions_on_disk


@dataclasses.dataclass(frozen=True)
class Finding:
    """where, what; `serious` if a server would not do what its owner expects."""

    where: str
    what: str
    serious: bool = True

    def __str__(self):
        return f"{'problem' if self.serious else 'note':<8} {self.where}: {self.what}"


def check(path, models=None):
    """[Finding] on a folder of this command, or on a models.config.

    models: folder of the published models on this machine, where base paths are a container's.
    Raises BadRequest where there is nothing to check.
    """
    path = Path(path)
    if path.is_file():
        return list(check_models_config(path, lambda base: base, shared=None))
    manifest = folder.read_manifest(path) if path.is_dir() else None
    if manifest is None:
        raise BadRequest(
            f"--check {path} is neither a models.config nor a folder that this command wrote"
        )
    inside = str(manifest["settings"].get("models_path", ""))

    def on_host(base_path):
        if not models or not PurePosixPath(base_path).is_relative_to(inside):
            return base_path
        return str(Path(models) / PurePosixPath(base_path).relative_to(inside))

    findings = [
        Finding(str(path / name), "changed since it was generated", serious=False)
        if (path / name).exists()
        else Finding(str(path / name), "missing since it was generated; generate again")
        for name in folder.changed_files(path)
    ]
    for config in sorted(path.glob("server*/models.config")):
        try:
            shared = shared_batching(config.parent)
        except (OSError, UnicodeDecodeError, BadRequest) as error:
            findings.append(Finding(str(config.parent), f"its batching cannot be read: {error}"))
            shared = None
        findings += check_models_config(config, on_host, shared=shared)
    return findings + list(check_ssl_config(path / SSL_CONFIG))


def shared_batching(server):
    """BatchingParameters that a server uses for every model, or None: each version has its own."""
    run, file = server / "run.sh", server / "batching_parameters.txt"
    text = run.read_text(encoding="utf-8") if run.is_file() else ""
    per_model = "--enable_per_model_batching_parameters=true" in text
    if per_model or "--enable_batching=true" not in text:
        return None
    if "--batching_parameters_file=" not in text:
        return protos.BatchingParameters()
    return protos.parse(file.read_text(encoding="utf-8"), protos.BatchingParameters, file)


def check_models_config(path, on_host, *, shared):
    """Findings on one models.config.

    on_host: base path -> the same on this machine.
    shared: BatchingParameters for every model, or None where each version has its own.
    """
    try:
        configs = parse_model_config(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ServingError) as error:
        yield Finding(str(path), f"the server would not start with it: {error}")
        return
    for config in configs:
        yield from check_model(config, on_host(config.base_path), shared)


def check_model(config, base_path, shared):
    """Findings on one model of a models.config."""
    try:
        found = versions_on_disk(base_path)
    except OSError as error:
        yield Finding(config.name, f"base path {base_path} cannot be listed: {error.strerror}")
        return
    if not found:
        yield Finding(config.name, f"{base_path} has no version, a folder named by a number")
    wanted = config.policy.versions if isinstance(config.policy, Specific) else ()
    for version in sorted(set(wanted) - set(found)):
        yield Finding(config.name, f"version {version} is asked for and not on disk")
    served = config.policy.choose(found)
    for label, version in sorted(config.labels.items()):
        if version not in found:
            yield Finding(config.name, f"label {label!r} names version {version}, not on disk")
        elif version not in served:
            yield Finding(config.name, f"label {label!r} names version {version}, not served")
    for version in served:
        yield from check_version(f"{config.name} {version}", found[version], shared)


def check_version(where, version_folder, shared):
    """Findings on one version: does it load, and does its batching fit."""
    try:
        export = read_export(version_folder)
        parameters = shared or batching.batching_parameters(version_folder)
    except BadRequest as error:
        yield Finding(where, str(error))
        return
    if export.other_contract:
        yield Finding(where, export.other_contract, serious=False)
    source = "batching without --enable_per_model_batching_parameters" if shared else batching.FILE
    if parameters is not None:
        for sentence in batching.misfits(parameters, export):
            yield Finding(where, f"{source}: {sentence}")
    elif not takes_encoded_images(export):
        yield Finding(where, unbatched_note(), serious=False)


def unbatched_note():
    return f"no {batching.FILE}, so its requests are not merged; export.export_model writes it"


def check_ssl_config(path):
    """Findings on ssl.config, none where there is none."""
    if not path.exists():
        return
    if path.stat().st_mode & 0o077:
        yield Finding(str(path), "others can read the private key in it; chmod 600")
    try:
        config = protos.parse(path.read_text(encoding="utf-8"), protos.SSLConfig, path)
    except (OSError, UnicodeDecodeError, BadRequest) as error:
        yield Finding(str(path), f"cannot be read: {error}")
        return
    problems, notes = examine(config)
    yield from (Finding(str(path), problem) for problem in problems)
    yield from (Finding(str(path), note, serious=False) for note in notes)
