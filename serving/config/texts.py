"""The servers' own files, as text protos: built as messages, so that quoting is never by hand."""

from serving.config import protos
from serving.config.flags import platform_file, session_threads
from serving.config.render import commented, render

METRICS_PATH = "/monitoring/prometheus/metrics"
PLATFORM = "tensorflow"


def server_texts(settings, role):
    """{file name: text} of one server, without its scripts."""
    values = {
        "traffic": role.traffic,
        "policy_note": commented(policy_note(settings)),
        "models": protos.to_text(model_server_config(settings, role)),
        "batch_threads": session_threads(settings),
        "metrics_path": METRICS_PATH,
    }
    texts = {"models.config": render("server/models.config", values)}
    texts["monitoring.config"] = render("server/monitoring.config", values)
    if settings.batching and not settings.platform_config:
        texts["batching_parameters.txt"] = render("server/batching_parameters.txt", values)
    if settings.platform_config:
        for gpu in (False, True):
            platform = protos.to_text(platform_config_map(settings, gpu=gpu))
            texts[platform_file(gpu)] = render("server/platform.config", {"platform": platform})
    return texts


def ssl_text(ssl_config):
    """The text of ssl.config."""
    return render("server/ssl.config", {"ssl": protos.to_text(ssl_config)})


def policy_note(settings):
    """Why the versions are named, or not."""
    if not settings.labels:
        return (
            "The latest version is served: whatever is published is on every replica within "
            f"{settings.poll_seconds} s. Name versions with --stable and --canary to decide when."
        )
    return (
        "Exactly these versions are served; a newer one waits on disk until this file names it. "
        "Clients ask for the label stable, or canary for the share of the traffic that tries it; "
        "without a label the highest version answers."
    )


def model_server_config(settings, role):
    """ModelServerConfig of a Role."""
    config = protos.ModelServerConfig()
    for name, folder in role.models.items():
        model = config.model_config_list.config.add(
            name=name,
            base_path=f"{settings.models_path.rstrip('/')}/{folder}",
            model_platform=PLATFORM,
        )
        for label, version in settings.labels.items():
            model.model_version_policy.specific.versions.append(version)
            model.version_labels[label] = version
        if not settings.labels:
            model.model_version_policy.latest.num_versions = 1
    return config


def platform_config_map(settings, *, gpu):
    """PlatformConfigMap: what the flags that it replaces would have said."""
    session = protos.message_class("SessionBundleConfig")()
    options = session.session_config
    options.intra_op_parallelism_threads = session_threads(settings)
    options.inter_op_parallelism_threads = session_threads(settings)
    if gpu:
        options.gpu_options.per_process_gpu_memory_fraction = settings.gpu_memory_fraction
    session.saved_model_tags.append("serve")
    session.enable_model_warmup = True
    if settings.batching:
        session.batching_parameters.num_batch_threads.value = session_threads(settings)
        session.batching_parameters.thread_pool_name.value = "keras_reid"
        session.enable_per_model_batching_params = True
    adapter = protos.message_class("SavedModelBundleSourceAdapterConfig")(legacy_config=session)
    config = protos.PlatformConfigMap()
    config.platform_configs[PLATFORM].source_adapter_config.Pack(adapter, deterministic=True)
    return config
