"""Writes and checks the configuration of a TensorFlow Serving fleet.

    python -m serving.configure --models=runs/published --name=reid --output=deploy
    python -m serving.configure --check=deploy --models=runs/published
    python -m serving.configure --plan --embed_rate=200 --embed_capacity=90 \\
        --attack_rate=1 --attack_capacity=2

The first writes models.config, batching, monitoring and TLS files, docker compose, Kubernetes and
KServe manifests and what Prometheus needs, all from one list of flags and from what the published
versions say about themselves. The second exits with 1 when it found a problem. docs/production.md
tells the whole road. Needs no TensorFlow, no Docker and no cluster.
"""

import dataclasses
import functools
from pathlib import Path

from absl import flags

from serving import entry
from serving.config import checking
from serving.config.batching import batching_parameters, misfits
from serving.config.certificates import examine, read_ssl_config
from serving.config.fleet import max_batch, read_fleet
from serving.config.fleet_files import fleet_files
from serving.config.folder import write_folder
from serving.config.plan import UTILISATION, Load, table
from serving.config.saved_model import takes_encoded_images
from serving.config.settings import Settings
from serving.errors import BadRequest

FOUND = 1


def define_flags(into=flags.FLAGS):
    """This command's flags; those of Settings bear its names."""
    text, whole, real, yes = (
        functools.partial(define, flag_values=into)
        for define in (
            flags.DEFINE_string,
            flags.DEFINE_integer,
            flags.DEFINE_float,
            flags.DEFINE_boolean,
        )
    )
    own = Settings()
    text("models", None, "Folder of the published models, with <name> and <name>_encoded.")
    text("output", None, "Folder to write.")
    yes("force", False, "Throw away what was changed by hand in --output.")
    text("check", None, "Say what is wrong with this folder, or this models.config.")
    text("name", own.name, "Name of the servable.")
    text("models_path", own.models_path, "Where the models are, inside the container.")
    text("config_path", own.config_path, "Where the server's files are, inside the container.")
    whole("stable", None, "Version behind the label stable; without it the latest is served.")
    whole("canary", None, "Version behind the label canary.")
    whole("port", own.port, "gRPC port.")
    whole("rest_api_port", own.rest_port, "REST port, for readiness and metrics too.")
    text("image_tag", own.image_tag, "Tag of tensorflow/serving; -gpu is added for GPUs.")
    text("cpus", own.cpus, "Processors of a replica: 2, 500m.")
    text("memory", own.memory, "Memory of a replica: 4Gi.")
    whole("replicas", own.replicas, "Replicas, at least.")
    whole("attack_replicas", own.attack_replicas, "Replicas for attacks, at least.")
    whole("max_replicas", own.max_replicas, "Replicas, at most.")
    whole("gpus", own.gpus, "GPUs of a replica on Kubernetes.", 0)
    real("gpu_memory_fraction", own.gpu_memory_fraction, "Of a GPU's memory, for the server.")
    yes("batching", own.batching, "Merge requests of models that bring batching_params.pbtxt.")
    whole("request_seconds", own.request_seconds, "The longest request, an attack's.", 1, 3600)
    whole("poll_seconds", own.poll_seconds, "Between looks for new versions.", 1, 3600)
    whole(
        "grpc_max_threads", None, "gRPC requests at the same time; default: what batches need.", 1
    )
    yes("platform_config", own.platform_config, "Sessions' settings in a file, not in flags.")
    yes("separate_attacks", own.separate_attacks, "A second deployment, <name>_attack.")
    text("tls_key", None, "PEM file: the server's key.")
    text("tls_certificate", None, "PEM file: the server's certificate and its chain.")
    text("client_ca", None, "PEM file: demand client certificates of this authority.")
    text("namespace", None, "Namespace on Kubernetes.")
    text("claim", own.claim, "PersistentVolumeClaim that holds the published models.")
    yes("plan", False, "Say how many replicas a load needs, and write nothing.")
    real("embed_rate", 0.0, "--plan: embeddings a second, at the peak.")
    real("embed_capacity", 0.0, "--plan: embeddings a second of one replica, measured.")
    real("attack_rate", 0.0, "--plan: attacks a second, at the peak.")
    real("attack_capacity", 0.0, "--plan: attacks a second of one replica, measured.")
    real("utilisation", UTILISATION, "--plan: how busy a replica may be.")
    whole("spare", 1, "--plan: replicas beyond that, for each deployment.")


def main():
    values = flags.FLAGS
    if values.plan:
        return print_plan(values)
    if values.check:
        return print_findings(checking.check(values.check, values.models))
    return generate(values)


def generate(values):
    for name in ("models", "output"):
        if not getattr(values, name):
            raise BadRequest(f"--{name} is missing; see --help")
    ssl_config = tls(values)
    settings = settings_from(values, ssl_config)
    models, output = Path(values.models).resolve(), Path(values.output)
    servables = read_fleet(models, settings)
    if models.is_relative_to(output.resolve()):
        raise BadRequest(f"--output {output} holds the models; name a folder beside them")
    notes = notes_on(servables, settings, ssl_config)
    texts = fleet_files(settings, max_batch(servables), models, ssl_config=ssl_config, notes=notes)
    write_folder(output, texts, dataclasses.asdict(settings), force=values.force)
    for note in notes:
        print(f"note: {note}")
    print(f"{output}: {len(texts)} files; {output / 'README.md'} says what they are")


def tls(values):
    """SSLConfig of the flags, or None."""
    if bool(values.tls_key) != bool(values.tls_certificate):
        raise BadRequest("--tls_key and --tls_certificate belong together; name both")
    if values.client_ca and not values.tls_key:
        raise BadRequest("--client_ca needs --tls_key and --tls_certificate")
    if not values.tls_key:
        return None
    return read_ssl_config(values.tls_key, values.tls_certificate, values.client_ca)


def settings_from(values, ssl_config):
    same = {
        field.name: getattr(values, field.name)
        for field in dataclasses.fields(Settings)
        if field.name in values
    }
    return Settings(
        **same,
        rest_port=values.rest_api_port,
        tls=ssl_config is not None,
        client_verify=ssl_config is not None and ssl_config.client_verify,
    )


def notes_on(servables, settings, ssl_config):
    """What its owner should know; raises BadRequest for batching that would go wrong."""
    notes = examine(ssl_config)[1] if ssl_config else []
    for servable in servables:
        for version, export in servable.exports.items():
            where = f"{servable.name} {version}"
            if export.other_contract:
                notes.append(f"{where}: {export.other_contract}")
            parameters = batching_parameters(servable.folders[version])
            if parameters is None:
                if settings.batching and not takes_encoded_images(export):
                    notes.append(f"{where} has {checking.unbatched_note()}")
                continue
            wrong = misfits(parameters, export) if settings.batching else []
            if wrong:
                raise BadRequest(f"{where}: {wrong[0]} (or serve with --nobatching)")
    return notes


def print_findings(findings):
    for finding in findings:
        print(finding)
    serious = sum(finding.serious for finding in findings)
    print(f"{serious} problems" if serious else "nothing wrong")
    return FOUND if serious else 0


def print_plan(values):
    loads = [
        Load(
            per_second=getattr(values, f"{kind}_rate"),
            capacity=getattr(values, f"{kind}_capacity"),
        )
        for kind in ("embed", "attack")
    ]
    if not any(load.per_second for load in loads):
        raise BadRequest("--plan needs a load: --embed_rate, --attack_rate or both")
    print("\n".join(table(*loads, values.utilisation, values.spare)))


def cli():
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
