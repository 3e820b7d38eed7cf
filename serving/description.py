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
    """JSON of `describe` -> dict; refuses another contract version."""
    try:
        description = json.loads(text)
        version = description["contract_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise ServerFailure(f"model {model!r} describes itself in no known way") from error
    if version != contract.CONTRACT_VERSION:
        older = "client" if str(version) > str(contract.CONTRACT_VERSION) else "export"
        raise ServerFailure(
            f"model {model!r} follows version {version} of the contract and this client version "
            f"{contract.CONTRACT_VERSION}: update the {older}"
        )
    for key, kind in REQUIRED.items():
        if not isinstance(description.get(key), kind):
            raise ServerFailure(f"model {model!r} describes itself without a proper {key!r}")
    return description
