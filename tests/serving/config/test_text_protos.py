"""The servers' files are what TensorFlow Serving's own messages say."""

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.config import protos
from serving.config.texts import METRICS_PATH, platform_config_map
from serving.server.model_config import parse_model_config
from serving.server.versions import Latest, Specific
from tests.serving.config.variants import SSL, VARIANTS, files_of, settings_of

EVERY = pytest.mark.parametrize("variant", VARIANTS)


@EVERY
def test_models_config_is_read_by_tensorflow_serving_and_by_the_embedded_server(variant):
    settings, texts = settings_of(variant), files_of(variant)
    configs = [text for path, text in texts.items() if path.endswith("models.config")]
    assert len(configs) == 1 + settings.separate_attacks
    for text in configs:
        theirs = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
        ours = parse_model_config(text)
        assert [c.name for c in theirs.model_config_list.config] == [c.name for c in ours]
        for config in ours:
            assert config.base_path in (f"/models/{settings.name}", f"/models/{settings.encoded}")
            assert config.labels == settings.labels
            wanted = Specific(tuple(settings.labels.values())) if settings.labels else Latest(1)
            assert config.policy == wanted


def test_separate_attacks_have_models_of_their_own_over_the_same_exports():
    texts = files_of("attacks")
    names = {
        folder: [
            (c.name, c.base_path) for c in parse_model_config(texts[f"{folder}/models.config"])
        ]
        for folder in ("server", "server-attack")
    }
    assert names == {
        "server": [("re_ID", "/models/re_ID"), ("re_ID_encoded", "/models/re_ID_encoded")],
        "server-attack": [
            ("re_ID_attack", "/models/re_ID"),
            ("re_ID_attack_encoded", "/models/re_ID_encoded"),
        ],
    }


@EVERY
def test_monitoring_config(variant):
    text = files_of(variant)["server/monitoring.config"]
    config = protos.parse(text, protos.MonitoringConfig, "it").prometheus_config
    assert config.enable and config.path == METRICS_PATH


def test_the_shared_batching_parameters_hold_only_what_the_server_uses_of_them():
    text = files_of("latest")["server/batching_parameters.txt"]
    parameters = protos.parse(text, protos.BatchingParameters, "it")
    fields = {field.name: value.value for field, value in parameters.ListFields()}
    assert fields == {"num_batch_threads": 2, "thread_pool_name": "keras_reid"}


def test_ssl_config_keeps_every_character():
    text = files_of("tls")["tls/ssl.config"]
    assert protos.parse(text, protos.SSLConfig, "it") == SSL
    assert [path for path in files_of("tls") if "key\\n" in files_of("tls")[path]] == [
        "tls/ssl.config"
    ]


@pytest.mark.parametrize("gpu", [False, True])
def test_platform_config_holds_a_session_as_tensorflow_knows_it(gpu):
    settings = settings_of("platform")
    name = "server/platform.gpu.config" if gpu else "server/platform.config"
    parsed = protos.parse(files_of("platform")[name], protos.PlatformConfigMap, name)
    assert parsed == platform_config_map(settings, gpu=gpu)
    packed = parsed.platform_configs["tensorflow"].source_adapter_config
    adapter = protos.message_class("SavedModelBundleSourceAdapterConfig")()
    assert packed.Unpack(adapter)
    bundle = adapter.legacy_config
    assert list(bundle.saved_model_tags) == ["serve"] and bundle.enable_model_warmup
    assert bundle.enable_per_model_batching_params
    # The numbers of our table, read by TensorFlow's own message.
    session = tf.compat.v1.ConfigProto.FromString(bundle.session_config.SerializeToString())
    assert session.intra_op_parallelism_threads == session.inter_op_parallelism_threads == 4
    fraction = session.gpu_options.per_process_gpu_memory_fraction
    assert fraction == (settings.gpu_memory_fraction if gpu else 0)


def test_platform_config_map_is_that_of_tensorflow_serving():
    theirs = pytest.importorskip("tensorflow_serving.config.platform_config_pb2")
    ours = platform_config_map(settings_of("platform"), gpu=True)
    read = theirs.PlatformConfigMap.FromString(ours.SerializeToString())
    packed = read.platform_configs["tensorflow"].source_adapter_config
    assert packed.type_url.endswith("/tensorflow.serving.SavedModelBundleSourceAdapterConfig")
    adapter = protos.message_class("SavedModelBundleSourceAdapterConfig")
    assert adapter.FromString(packed.value).legacy_config.enable_model_warmup
