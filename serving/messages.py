"""TensorFlow Serving's messages without TensorFlow.

`tensorflow_serving.apis` imports all of TensorFlow. A client needs a few messages only, so they are
described here as data, with TF Serving's names and field numbers, and built when this module is
imported. No generated `_pb2` file serves protobuf 4.25 and 7 alike. The descriptor pool is private:
the global one refuses a second `tensorflow.TensorProto` in a process that imports TensorFlow too.
Fields that are left out here survive a round trip as unknown fields.
"""

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, wrappers_pb2

ENUMS = {
    "tensorflow.DataType": (
        "DT_INVALID=0 DT_FLOAT=1 DT_DOUBLE=2 DT_INT32=3 DT_UINT8=4 DT_INT16=5 DT_INT8=6 "
        "DT_STRING=7 DT_COMPLEX64=8 DT_INT64=9 DT_BOOL=10 DT_QINT8=11 DT_QUINT8=12 DT_QINT32=13 "
        "DT_BFLOAT16=14 DT_QINT16=15 DT_QUINT16=16 DT_UINT16=17 DT_COMPLEX128=18 DT_HALF=19 "
        "DT_RESOURCE=20 DT_VARIANT=21 DT_UINT32=22 DT_UINT64=23"
    ),
    "tensorflow.error.Code": (
        "OK=0 CANCELLED=1 UNKNOWN=2 INVALID_ARGUMENT=3 DEADLINE_EXCEEDED=4 NOT_FOUND=5 "
        "ALREADY_EXISTS=6 PERMISSION_DENIED=7 RESOURCE_EXHAUSTED=8 FAILED_PRECONDITION=9 "
        "ABORTED=10 OUT_OF_RANGE=11 UNIMPLEMENTED=12 INTERNAL=13 UNAVAILABLE=14 DATA_LOSS=15 "
        "UNAUTHENTICATED=16"
    ),
    "tensorflow.serving.ModelVersionStatus.State": (
        "UNKNOWN=0 START=10 LOADING=20 AVAILABLE=30 UNLOADING=40 END=50"
    ),
}

# Message -> fields, a field being (number, type) or (number, type, oneof). Types are found from the
# message outwards, as in a .proto file; a message stands after the one that it is nested in.
MESSAGES = {
    "tensorflow.TensorShapeProto": {"dim": (2, "repeated Dim"), "unknown_rank": (3, "bool")},
    "tensorflow.TensorShapeProto.Dim": {"size": (1, "int64"), "name": (2, "string")},
    "tensorflow.TensorProto": {
        "dtype": (1, "DataType"),
        "tensor_shape": (2, "TensorShapeProto"),
        "version_number": (3, "int32"),
        "tensor_content": (4, "bytes"),
        "half_val": (13, "repeated int32"),
        "float_val": (5, "repeated float"),
        "double_val": (6, "repeated double"),
        "int_val": (7, "repeated int32"),
        "string_val": (8, "repeated bytes"),
        "scomplex_val": (9, "repeated float"),
        "int64_val": (10, "repeated int64"),
        "bool_val": (11, "repeated bool"),
        "dcomplex_val": (12, "repeated double"),
        "uint32_val": (16, "repeated uint32"),
        "uint64_val": (17, "repeated uint64"),
    },
    "tensorflow.TensorInfo": {
        "name": (1, "string", "encoding"),
        "dtype": (2, "DataType"),
        "tensor_shape": (3, "TensorShapeProto"),
    },
    "tensorflow.SignatureDef": {
        "inputs": (1, "map TensorInfo"),
        "outputs": (2, "map TensorInfo"),
        "method_name": (3, "string"),
        "defaults": (4, "map TensorProto"),
    },
    "tensorflow.serving.ModelSpec": {
        "name": (1, "string"),
        "version": (2, "google.protobuf.Int64Value", "version_choice"),
        "version_label": (4, "string", "version_choice"),
        "signature_name": (3, "string"),
    },
    "tensorflow.serving.PredictRequest": {
        "model_spec": (1, "ModelSpec"),
        "inputs": (2, "map TensorProto"),
        "output_filter": (3, "repeated string"),
    },
    "tensorflow.serving.PredictResponse": {
        "model_spec": (2, "ModelSpec"),
        "outputs": (1, "map TensorProto"),
    },
    "tensorflow.serving.GetModelMetadataRequest": {
        "model_spec": (1, "ModelSpec"),
        "metadata_field": (2, "repeated string"),
    },
    "tensorflow.serving.GetModelMetadataResponse": {
        "model_spec": (1, "ModelSpec"),
        "metadata": (2, "map google.protobuf.Any"),
    },
    "tensorflow.serving.SignatureDefMap": {"signature_def": (1, "map SignatureDef")},
    "tensorflow.serving.GetModelStatusRequest": {"model_spec": (1, "ModelSpec")},
    "tensorflow.serving.GetModelStatusResponse": {
        "model_version_status": (1, "repeated ModelVersionStatus")
    },
    "tensorflow.serving.ModelVersionStatus": {
        "version": (1, "int64"),
        "state": (2, "State"),
        "status": (3, "StatusProto"),
    },
    "tensorflow.serving.StatusProto": {
        "error_code": (1, "error.Code"),
        "error_message": (2, "string"),
    },
    "tensorflow.serving.ReloadConfigRequest": {"config": (1, "ModelServerConfig")},
    "tensorflow.serving.ReloadConfigResponse": {"status": (1, "StatusProto")},
    # What the files behind --ssl_config_file and --monitoring_config_file are made of.
    "tensorflow.serving.SSLConfig": {
        "server_key": (1, "string"),
        "server_cert": (2, "string"),
        "custom_ca": (3, "string"),
        "client_verify": (4, "bool"),
    },
    "tensorflow.serving.MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
    "tensorflow.serving.PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    # What the files behind --model_config_file and --batching_parameters_file are made of.
    "tensorflow.serving.ModelServerConfig": {
        "model_config_list": (1, "ModelConfigList", "config"),
        "custom_model_config": (2, "google.protobuf.Any", "config"),
    },
    "tensorflow.serving.ModelConfigList": {"config": (1, "repeated ModelConfig")},
    "tensorflow.serving.ModelConfig": {
        "name": (1, "string"),
        "base_path": (2, "string"),
        "model_platform": (4, "string"),
        "model_version_policy": (7, "FileSystemStoragePathSourceConfig.ServableVersionPolicy"),
        "version_labels": (8, "map int64"),
    },
    "tensorflow.serving.FileSystemStoragePathSourceConfig": {},
    "tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy": {
        "latest": (100, "Latest", "policy_choice"),
        "all": (101, "All", "policy_choice"),
        "specific": (102, "Specific", "policy_choice"),
    },
    "tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Latest": {
        "num_versions": (1, "uint32")
    },
    "tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.All": {},
    "tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy.Specific": {
        "versions": (1, "repeated int64")
    },
    "tensorflow.serving.BatchingParameters": {
        "max_batch_size": (1, "google.protobuf.Int64Value"),
        "batch_timeout_micros": (2, "google.protobuf.Int64Value"),
        "max_enqueued_batches": (3, "google.protobuf.Int64Value"),
        "num_batch_threads": (4, "google.protobuf.Int64Value"),
        "thread_pool_name": (5, "google.protobuf.StringValue"),
        "allowed_batch_sizes": (6, "repeated int64"),
        "pad_variable_length_inputs": (7, "bool"),
        # Read from text only, where names count and numbers do not.
        "enable_large_batch_splitting": (8, "google.protobuf.BoolValue"),
        "max_execution_batch_size": (9, "google.protobuf.Int64Value"),
    },
}

PACKAGES = ("tensorflow", "tensorflow.error", "tensorflow.serving")  # each needs those before it
WELL_KNOWN = (any_pb2.DESCRIPTOR, wrappers_pb2.DESCRIPTOR)


def build_pool(messages=MESSAGES):
    """Returns a pool of its own that knows ENUMS, `messages` and the well-known types they use."""
    pool = descriptor_pool.DescriptorPool()
    dependencies = []
    for known in WELL_KNOWN:
        pool.AddSerializedFile(known.serialized_pb)
        dependencies.append(known.name)
    for package in PACKAGES:
        file = descriptor_pb2.FileDescriptorProto(
            name=f"keras_reid/{package}.proto",
            package=package,
            syntax="proto3",
            dependency=dependencies,
        )
        fill(file, messages)
        pool.Add(file)
        dependencies.append(file.name)
    return pool


def fill(file, messages):
    """Adds to `file` those of `messages`, and of the enums, that are of its package."""
    made = {}
    for full_name, fields in messages.items():
        if package_of(full_name) == file.package:
            parent, _, name = full_name.rpartition(".")
            siblings = made[parent].nested_type if parent in made else file.message_type
            made[full_name] = message = siblings.add(name=name)
            for field in fields.items():
                add_field(message, *field)
    for full_name, values in ENUMS.items():
        if package_of(full_name) == file.package:
            parent, _, name = full_name.rpartition(".")
            enum = (made.get(parent) or file).enum_type.add(name=name)
            for value in values.split():
                label, _, number = value.partition("=")
                enum.value.add(name=label, number=int(number))


def package_of(full_name):
    return max((name for name in PACKAGES if full_name.startswith(name + ".")), key=len)


def add_field(message, name, spec):
    """Adds one field; `spec` is a value of a MESSAGES row."""
    number, kind, *oneof = spec
    label, _, base = kind.rpartition(" ")
    field = message.field.add(name=name, number=number)
    field.label = field.LABEL_REPEATED if label else field.LABEL_OPTIONAL
    if label == "map":
        # A map is, on the wire and in a descriptor, a repeated message of a key and a value.
        entry = message.nested_type.add(name=name.title().replace("_", "") + "Entry")
        entry.options.map_entry = True
        add_field(entry, "key", (1, "string"))
        add_field(entry, "value", (2, base))
        base = entry.name
    set_type(field, base)
    if oneof:
        known = [existing.name for existing in message.oneof_decl]
        if oneof[0] not in known:
            message.oneof_decl.add(name=oneof[0])
            known += oneof
        field.oneof_index = known.index(oneof[0])


def set_type(field, base):
    scalar = f"TYPE_{base.upper()}"
    if scalar in descriptor_pb2.FieldDescriptorProto.Type.keys():
        field.type = field.Type.Value(scalar)
        return
    is_enum = any(full_name.endswith("." + base) for full_name in ENUMS)
    field.type = field.TYPE_ENUM if is_enum else field.TYPE_MESSAGE
    field.type_name = base


POOL = build_pool()


def message_class(full_name):
    return message_factory.GetMessageClass(POOL.FindMessageTypeByName(full_name))


def enum_values(full_name):
    """Returns {name: number}."""
    enum = POOL.FindEnumTypeByName(full_name)
    return {value.name: value.number for value in enum.values}


TensorShapeProto = message_class("tensorflow.TensorShapeProto")
TensorProto = message_class("tensorflow.TensorProto")
TensorInfo = message_class("tensorflow.TensorInfo")
SignatureDef = message_class("tensorflow.SignatureDef")
ModelSpec = message_class("tensorflow.serving.ModelSpec")
PredictRequest = message_class("tensorflow.serving.PredictRequest")
PredictResponse = message_class("tensorflow.serving.PredictResponse")
GetModelMetadataRequest = message_class("tensorflow.serving.GetModelMetadataRequest")
GetModelMetadataResponse = message_class("tensorflow.serving.GetModelMetadataResponse")
SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")
GetModelStatusRequest = message_class("tensorflow.serving.GetModelStatusRequest")
GetModelStatusResponse = message_class("tensorflow.serving.GetModelStatusResponse")
ModelVersionStatus = message_class("tensorflow.serving.ModelVersionStatus")
StatusProto = message_class("tensorflow.serving.StatusProto")
ReloadConfigRequest = message_class("tensorflow.serving.ReloadConfigRequest")
ReloadConfigResponse = message_class("tensorflow.serving.ReloadConfigResponse")
SSLConfig = message_class("tensorflow.serving.SSLConfig")
MonitoringConfig = message_class("tensorflow.serving.MonitoringConfig")
ModelServerConfig = message_class("tensorflow.serving.ModelServerConfig")
BatchingParameters = message_class("tensorflow.serving.BatchingParameters")

DATA_TYPE = enum_values("tensorflow.DataType")  # "DT_FLOAT" -> 1
ERROR_CODE = enum_values("tensorflow.error.Code")  # "NOT_FOUND" -> 5
STATE = enum_values("tensorflow.serving.ModelVersionStatus.State")  # "AVAILABLE" -> 30

PREDICTION_SERVICE = "tensorflow.serving.PredictionService"
MODEL_SERVICE = "tensorflow.serving.ModelService"
# Service -> method -> (request, response): both sides of a channel are set up from this table.
SERVICES = {
    PREDICTION_SERVICE: {
        "Predict": (PredictRequest, PredictResponse),
        "GetModelMetadata": (GetModelMetadataRequest, GetModelMetadataResponse),
    },
    MODEL_SERVICE: {"GetModelStatus": (GetModelStatusRequest, GetModelStatusResponse)},
}
# What a server answers besides, to whoever runs it; our client never asks.
ADMIN_METHODS = {
    MODEL_SERVICE: {"HandleReloadConfigRequest": (ReloadConfigRequest, ReloadConfigResponse)}
}
SIGNATURE_DEF = "signature_def"  # the one metadata field there is
