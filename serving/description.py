"""The answer of `describe`: what an export tells its clients about itself."""

import json

from serving import contract
from serving.errors import ServerFailure

REQUIRED = {
    "input_size": list,
    "embedding_size": int,
    "attacks": dict,
    "limits": dict,
}


def parse(text, model):
    """JSON of `describe` -> dict. One of another contract version is given back as it is."""
    try:
        description = json.loads(text)
        version = description["contract_version"]
        if isinstance(version, bool) or not isinstance(version, int):
            raise TypeError
    except (ValueError, TypeError, KeyError) as error:
        raise ServerFailure(f"model {model!r} describes itself in no known way") from error
    if version == contract.CONTRACT_VERSION:
        for key, kind in REQUIRED.items():
            if not isinstance(description.get(key), kind):
                raise ServerFailure(f"model {model!r} describes itself without a proper {key!r}")
    return description


def is_ours(description):
    """Whether its words mean what this client takes them for."""
    return description["contract_version"] == contract.CONTRACT_VERSION


def other_contract(description, model):
    """The error that tells who is behind whom."""
    theirs, ours = description["contract_version"], contract.CONTRACT_VERSION
    remedy = "update the client" if theirs > ours else "export the model again"
    return ServerFailure(
        f"model {model!r} follows version {theirs} of the contract and this client version "
        f"{ours}: {remedy}; embed() still works where its signature is the same"
    )


def limits(description):
    """The model's own limits; of another contract only those that are whole numbers."""
    told = description.get("limits")
    if is_ours(description) or not isinstance(told, dict):
        return told or {}
    return {name: value for name, value in told.items() if isinstance(value, int) and value > 0}
