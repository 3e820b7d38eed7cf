"""What a published version says about itself, read from saved_model.pb without TensorFlow."""

import dataclasses
import json
from pathlib import Path

from google.protobuf.message import DecodeError

from serving import contract
from serving.config.protos import SavedModel
from serving.errors import BadRequest

SERVE = "serve"
FILE = "saved_model.pb"
VARIABLES = "VarHandleOp"


@dataclasses.dataclass(frozen=True)
class Export:
    """signatures: {name: SignatureDef}; description: the JSON of `describe`, or {} without one."""

    signatures: dict
    description: dict

    @property
    def max_batch(self):
        """Most images that a client may send in one request, or None where nothing says so."""
        return self.description.get("limits", {}).get("batch")

    @property
    def other_contract(self):
        """A sentence where it follows another version of the contract, else ""."""
        version = self.description.get("contract_version", contract.CONTRACT_VERSION)
        if version == contract.CONTRACT_VERSION:
            return ""
        return (
            f"it follows version {version} of the contract and this release version "
            f"{contract.CONTRACT_VERSION}: of this release's client only embed() works with it"
        )


def read_export(folder):
    """The Export in a version's folder.

    Raises BadRequest where it holds no SavedModel, or one that nobody could ask anything.
    """
    path = Path(folder) / FILE
    saved = SavedModel()
    try:
        saved.ParseFromString(path.read_bytes())
    except OSError as error:
        raise BadRequest(
            f"{path} cannot be read ({error.strerror}): {folder} holds no model to serve"
        ) from error
    except DecodeError as error:
        raise BadRequest(f"{path} is no SavedModel; export or publish the model again") from error
    for graph in saved.meta_graphs:
        if SERVE in graph.meta_info_def.tags:
            signatures = {
                name: signature
                for name, signature in graph.signature_def.items()
                if signature.inputs  # without inputs: __saved_model_init_op
            }
            if not signatures:
                raise BadRequest(
                    f"{path} has no signature, so no client could ask it anything; export it again"
                )
            _check_variables(graph.graph_def, Path(folder))
            return Export(signatures, _description(graph.graph_def))
    raise BadRequest(f"{path} has no graph tagged {SERVE!r}; export or publish the model again")


def _check_variables(graph_def, folder):
    needed = any(node.op == VARIABLES for node in graph_def.node)
    for pattern in ("variables.index", "variables.data-*") if needed else ():
        if not any((folder / "variables").glob(pattern)):
            raise BadRequest(
                f"{folder} has no variables/{pattern}, so it does not load; publish it again"
            )


def _description(graph_def):
    """The constant that the signature `describe` answers with."""
    graphs = [graph_def.node, *(function.node_def for function in graph_def.library.function)]
    for nodes in graphs:
        for node in nodes:
            for text in node.attr["value"].tensor.string_val if node.op == "Const" else ():
                told = _json_object(text)
                if "contract_version" in told and isinstance(told.get("limits"), dict):
                    return told
    return {}


def _json_object(text):
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def unbatchable(export):
    """Why a server cannot merge requests of this export: sentences, none if it can.

    As TF Serving's batching session has it: every input and output has the batch first, and
    tensors that meet in one batch agree in every other dimension.
    """
    reasons = []
    for key, signature in sorted(export.signatures.items()):
        for kind, infos in (("input", signature.inputs), ("output", signature.outputs)):
            for name, info in sorted(infos.items()):
                sizes = [dimension.size for dimension in info.tensor_shape.dim]
                if info.tensor_shape.unknown_rank or not sizes or sizes[0] != -1:
                    reasons.append(f"{kind} {name!r} of {key!r} has no batch dimension")
                elif kind == "input" and -1 in sizes[1:]:
                    reasons.append(
                        f"input {name!r} of {key!r} may differ in size from request to request"
                    )
    return reasons


def takes_encoded_images(export):
    """Whether it decodes JPEG or PNG: one undecodable image fails the batch that it is part of."""
    return bool({contract.DECODE, contract.EMBED_ENCODED} & set(export.signatures))
