"""One model of a server as a client sees it: what it tells about itself, asked for once."""

import math

import numpy as np

from serving import contract, description
from serving.calls import Metadata, predict
from serving.errors import BadRequest
from serving.parts import fitting
from serving.tensors import dtype_name

BATCH_SIZE = 32  # where the model does not tell its largest batch


class Model:
    """Names and settings of a client, and operations (see serving.calls) that find out the rest.

    Args:
      name: name of the model; files go to its servable `<name>_encoded`.
      batch_size: most images in one request; None is the largest batch that the model takes, or
        as many of it as `serving.parts` puts into one request.
      max_in_flight: most requests of one call that are under way.
    """

    def __init__(self, name, *, batch_size=None, max_in_flight=4):
        if not name:
            raise BadRequest("model must name a model of the server")
        if batch_size is not None and batch_size < 1:
            raise BadRequest(f"batch_size must be at least 1, not {batch_size!r}")
        if max_in_flight < 1:
            raise BadRequest(f"max_in_flight must be at least 1, not {max_in_flight!r}")
        self.name = name
        self.encoded = name + contract.ENCODED_SUFFIX
        self.max_in_flight = max_in_flight
        self._batch_size = batch_size
        self._signatures = None
        self._description = None

    def signatures(self):
        """Operation: {signature: {"inputs" or "outputs": {name: {"dtype", "shape"}}}}."""
        if self._signatures is None:
            known = (yield Metadata(self.name)).signature_def
            self._signatures = {
                name: {
                    "inputs": tensors_of(signature.inputs),
                    "outputs": tensors_of(signature.outputs),
                }
                for name, signature in sorted(known.items())
                if not name.startswith("__")  # __saved_model_init_op
            }
        return self._signatures

    def description(self):
        """Operation: what `describe` answers, of whatever contract version."""
        if self._description is None:
            if contract.DESCRIBE not in (yield from self.signatures()):
                raise BadRequest(
                    f"model {self.name!r} does not describe itself, so only embed() works with "
                    "it; for attacks export it with python -m export.export_model"
                )
            answer = yield from predict(
                self.name,
                contract.DESCRIBE,
                {"request": np.array([b""], dtype=object)},
                contract.DESCRIBE_SIGNATURE.outputs,
            )
            self._description = description.parse(answer["description"][0], self.name)
        return self._description

    def own_description(self):
        """Operation: the description, refused when it is of another contract version."""
        told = yield from self.description()
        if not description.is_ours(told):
            raise description.other_contract(told, self.name)
        return told

    def limits(self):
        """Operation: the model's own limits; none are known of a foreign one."""
        if contract.DESCRIBE not in (yield from self.signatures()):
            return {}
        return description.limits((yield from self.description()))

    def image_bytes(self):
        """Operation: bytes of one image's pixels; 1 where the model does not fix its size."""
        for signature in (yield from self.signatures()).values():
            shape = signature["inputs"].get("images", {}).get("shape") or [None, None]
            if None not in shape[1:]:
                return max(1, math.prod(shape[1:]))
        return 1

    def part_size(self):
        """Operation: most images in one request."""
        largest = (yield from self.limits()).get("batch")
        size = self._batch_size
        if size is None:
            size = fitting(largest or BATCH_SIZE, (yield from self.image_bytes()))
        if largest is not None and size > largest:
            raise BadRequest(f"batch_size of {size} is above the server's ceiling of {largest}")
        return size


def tensors_of(infos):
    """TensorInfo map -> {name: {"dtype": NumPy name, "shape": sizes, None where not fixed}}."""
    return {
        name: {
            "dtype": dtype_name(info.dtype),
            "shape": None
            if info.tensor_shape.unknown_rank
            else [None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim],
        }
        for name, info in sorted(infos.items())
    }
