"""The messages behind the servers' files and SavedModels, as text or bytes, without TensorFlow.

tensorflow-serving-api brings few of them. Names and numbers are those of TensorFlow Serving 2.21
(config/*.proto, servables/tensorflow/*.proto) and of TensorFlow (saved_model.proto,
meta_graph.proto, graph.proto, function.proto). Fields that are left out are skipped when bytes are
read; text that mentions one is refused, so what is written here is what this package may write.
"""

from google.protobuf import message_factory, text_format

from serving import messages
from serving.errors import BadRequest

SOURCE_ADAPTER = "tensorflow.serving.SavedModelBundleSourceAdapterConfig"
MESSAGES = {
    "tensorflow.serving.MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    "tensorflow.serving.PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "tensorflow.serving.SSLConfig": {
        "server_key": (1, "string"),
        "server_cert": (2, "string"),
        "custom_ca": (3, "string"),
        "client_verify": (4, "bool"),
    },
    # --platform_config_file
    "tensorflow.GPUOptions": {
        "per_process_gpu_memory_fraction": (1, "double"),
        "allow_growth": (4, "bool"),
    },
    "tensorflow.ConfigProto": {
        "intra_op_parallelism_threads": (2, "int32"),
        "inter_op_parallelism_threads": (5, "int32"),
        "gpu_options": (6, "GPUOptions"),
    },
    # Read from text only, where names count and numbers do not.
    "tensorflow.serving.SessionBundleConfig": {
        "session_config": (2, "ConfigProto"),
        "batching_parameters": (3, "BatchingParameters"),
        "saved_model_tags": (6, "repeated string"),
        "enable_model_warmup": (779, "bool"),
        "enable_per_model_batching_params": (787, "bool"),
    },
    SOURCE_ADAPTER: {"legacy_config": (1000, "SessionBundleConfig")},
    "tensorflow.serving.PlatformConfig": {"source_adapter_config": (1, "google.protobuf.Any")},
    "tensorflow.serving.PlatformConfigMap": {"platform_configs": (1, "map PlatformConfig")},
    # saved_model.pb
    "tensorflow.AttrValue": {"s": (2, "bytes", "value"), "tensor": (8, "TensorProto", "value")},
    "tensorflow.NodeDef": {
        "name": (1, "string"),
        "op": (2, "string"),
        "device": (4, "string"),
        "attr": (5, "map AttrValue"),
    },
    "tensorflow.FunctionDef": {"node_def": (3, "repeated NodeDef")},
    "tensorflow.FunctionDefLibrary": {"function": (1, "repeated FunctionDef")},
    "tensorflow.GraphDef": {
        "node": (1, "repeated NodeDef"),
        "library": (2, "FunctionDefLibrary"),
    },
    "tensorflow.MetaGraphDef": {
        "meta_info_def": (1, "MetaInfoDef"),
        "graph_def": (2, "GraphDef"),
        "signature_def": (5, "map SignatureDef"),
    },
    "tensorflow.MetaGraphDef.MetaInfoDef": {"tags": (4, "repeated string")},
    "tensorflow.SavedModel": {"meta_graphs": (2, "repeated MetaGraphDef")},
}

POOL = messages.build_pool(messages.MESSAGES | MESSAGES)


def message_class(name):
    """The class of `tensorflow.serving.<name>`, or of `tensorflow.<name>` where that is it."""
    full_name = f"tensorflow.serving.{name}"
    if full_name not in messages.MESSAGES | MESSAGES:
        full_name = f"tensorflow.{name}"
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(full_name))


ModelServerConfig = message_class("ModelServerConfig")
BatchingParameters = message_class("BatchingParameters")
MonitoringConfig = message_class("MonitoringConfig")
SSLConfig = message_class("SSLConfig")
PlatformConfigMap = message_class("PlatformConfigMap")
SavedModel = message_class("SavedModel")


def parse(text, kind, what):
    """A message from its text form; raises BadRequest that names `what`."""
    try:
        return text_format.Parse(text, kind(), descriptor_pool=POOL)
    except text_format.ParseError as error:
        raise BadRequest(f"{what} is no {kind.DESCRIPTOR.name} as text: {error}") from error


def to_text(message):
    """The text form, with a line for each value."""
    return text_format.MessageToString(message, descriptor_pool=POOL).rstrip("\n")
