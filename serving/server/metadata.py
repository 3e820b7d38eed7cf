"""GetModelMetadata: the signatures of a loaded model."""

import inspect

from google.protobuf import json_format

from serving.messages import SIGNATURE_DEF, SignatureDefMap
from serving.server.errors import invalid_argument
from serving.server.predict import request_target

TYPE_URL = f"type.googleapis.com/{SignatureDefMap.DESCRIPTOR.full_name}"
# protobuf 5.26 renamed the option that prints empty fields.
_RENAMED = "always_print_fields_with_no_presence"
_KNOWN = inspect.signature(json_format.MessageToDict).parameters
_PRINT_EMPTY = {_RENAMED if _RENAMED in _KNOWN else "including_default_value_fields": True}


def get_model_metadata(manager, request, response):
    """Answers a GetModelMetadataRequest by filling a GetModelMetadataResponse."""
    target = request_target(request)
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")
    signatures = SignatureDefMap()
    with manager.model(**target) as (version, model):
        for key, signature in model.signatures.items():
            signatures.signature_def[key].MergeFromString(signature.SerializeToString())
    response.model_spec.name = target["name"]
    response.model_spec.version.value = version
    response.metadata[SIGNATURE_DEF].type_url = TYPE_URL
    response.metadata[SIGNATURE_DEF].value = signatures.SerializeToString()


def metadata_as_json(manager, target):
    """The same as REST shows it, ready for the json module."""
    with manager.model(**target) as (version, model):
        signatures = {
            key: json_format.MessageToDict(
                signature, preserving_proto_field_name=True, **_PRINT_EMPTY
            )
            for key, signature in model.signatures.items()
        }
    return {
        "model_spec": {"name": target["name"], "signature_name": "", "version": str(version)},
        "metadata": {SIGNATURE_DEF: {SIGNATURE_DEF: signatures}},
    }
