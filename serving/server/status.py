"""GetModelStatus: what every version of a model is doing, or why it failed."""

from grpc import StatusCode

from serving.messages import ERROR_CODE, STATE
from serving.server.errors import not_found
from serving.server.predict import request_target

_STATE_NAMES = {number: name for name, number in STATE.items()}


def get_model_status(manager, request, response):
    """Answers a GetModelStatusRequest by filling a GetModelStatusResponse."""
    for servable in model_versions(manager, request_target(request)):
        code, message = _health(servable)
        status = response.model_version_status.add(version=servable.version, state=servable.state)
        status.status.error_code = ERROR_CODE[code]
        status.status.error_message = message


def model_versions(manager, target):
    """Servables that a request asks about; a label is ignored, as TensorFlow Serving does."""
    name, version = target["name"], target["version"]
    servables = manager.version_states(name)
    if version is not None:
        servables = [servable for servable in servables if servable.version == version]
        if not servables:
            raise not_found(f"Could not find version {version} of model {name}")
    if not servables:
        raise not_found(f"Could not find any versions of model {name}")
    return servables


def status_as_json(servables):
    """The same as REST shows it, ready for the json module."""
    versions = []
    for servable in servables:
        code, message = _health(servable)
        versions.append(
            {
                "version": str(servable.version),
                "state": _STATE_NAMES[servable.state],
                "status": {"error_code": code, "error_message": message},
            }
        )
    return {"model_version_status": versions}


def _health(servable):
    if servable.error is None:
        return StatusCode.OK.name, ""
    return servable.error.code.name, servable.error.message
