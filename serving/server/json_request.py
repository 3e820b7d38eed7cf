"""The body of a REST predict request: {"instances": [..]} by row, {"inputs": {..}} by column."""

import dataclasses
import json
import re

import numpy as np
import tensorflow as tf

from serving.server.errors import StatusError, invalid_argument
from serving.server.json_tensor import (
    encode,
    is_base64,
    quick_array,
    text,
    to_array,
    walked_array,
)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # half of a letter, that may lack the other half

_PARSE_ERRORS = {  # Python's words for it: the server's
    "Expecting value": "Invalid value.",
    "Extra data": "The document root must not be followed by other values.",
    "Expecting ':' delimiter": "Missing a colon after a name of object member.",
    "Expecting property name enclosed in double quotes": "Missing a name for object member.",
    "Unterminated string starting at": "Missing a closing quotation mark in string.",
    "Invalid \\escape": "Invalid escape character in string.",
}


@dataclasses.dataclass(frozen=True)
class PredictBody:
    """A parsed body; `inputs` makes the tensors once the signature is known."""

    document: dict
    only_numbers: bool  # no true, no false in the text

    @property
    def signature_name(self):
        name = self.document.get("signature_name", "")
        if not isinstance(name, str):
            raise invalid_argument(
                f"JSON Value: {text(self.document)} not formatted correctly. 'signature_name' "
                "key must be a string value."
            )
        return name

    @property
    def by_row(self):
        return "instances" in self.document

    def inputs(self, signature):
        """{name: ndarray} for every input of the signature."""
        dtypes = {name: tf.as_dtype(info.dtype) for name, info in signature.inputs.items()}
        if not dtypes:
            name = self.signature_name or "DEFAULT"
            raise invalid_argument(f"Failed to get input map for signature: {name}")
        if not self.by_row and "inputs" not in self.document:
            raise invalid_argument("Missing 'inputs' or 'instances' key")
        try:
            return self._rows(dtypes) if self.by_row else self._columns(dtypes)
        except RecursionError:
            raise invalid_argument("JSON Parse error: too deeply nested") from None

    def _rows(self, dtypes):
        instances = self.document["instances"]
        problem = None
        if "inputs" in self.document:
            problem = (
                "Not formatted correctly expecting only one of 'inputs' or 'instances' keys "
                "to exist "
            )
        elif not isinstance(instances, list):
            problem = "Excepting 'instances' to be an list/array"
        elif not instances:
            problem = "No values in 'instances' array"
        if problem:
            raise invalid_argument(f"JSON Value: {text(self.document)} {problem}")
        if not _is_named(instances[0]) and len(dtypes) > 1:
            raise invalid_argument(
                "instances is a plain list, but expecting list of objects as multiple input "
                "tensors required as per tensorinfo_map"
            )
        quick = _quick_rows(instances, dtypes) if self.only_numbers else None
        return _walked_rows(instances, dtypes) if quick is None else quick

    def _columns(self, dtypes):
        inputs = self.document["inputs"]
        if isinstance(inputs, dict) and not is_base64(inputs):
            for name in dtypes:
                if name not in inputs:
                    raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
            values = {name: inputs[name] for name in dtypes}
        elif len(dtypes) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input "
                "tensors required as per tensorinfo_map"
            )
        else:
            values = dict.fromkeys(dtypes, inputs)
        return {
            name: to_array(value, dtypes[name], only_numbers=self.only_numbers)
            for name, value in values.items()
        }


def parse_body(body):
    """The PredictBody in the bytes of a request."""
    if not body:
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = json.loads(body.decode("utf-8", "surrogateescape"))
        if _SURROGATE.search(body):
            encode(json.dumps(document, ensure_ascii=False))
    except json.JSONDecodeError as error:
        words = _PARSE_ERRORS.get(error.msg, error.msg)
        raise invalid_argument(f"JSON Parse error: {words} at offset: {error.pos}") from error
    except (RecursionError, ValueError) as error:
        raise invalid_argument(f"JSON Parse error: {error}") from error
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {text(document)} Is not object")
    return PredictBody(document, b"true" not in body and b"false" not in body)


def _is_named(instance):
    return isinstance(instance, dict) and not is_base64(instance)


def _quick_rows(instances, dtypes):
    """All rows of an input at once, or None where the walk has to look."""
    if not _is_named(instances[0]):
        (name,) = dtypes
        array = quick_array(instances, dtypes[name])
        return None if array is None else {name: array}
    if not all(isinstance(row, dict) and row.keys() == dtypes.keys() for row in instances):
        return None
    arrays = {
        name: quick_array([row[name] for row in instances], dtype) for name, dtype in dtypes.items()
    }
    return None if any(array is None for array in arrays.values()) else arrays


def _walked_rows(instances, dtypes):
    """Row by row, with the complaint of TensorFlow Serving about the first that does not fit."""
    named = _is_named(instances[0])
    rows = {}
    for index, instance in enumerate(instances):
        if named != _is_named(instance):
            raise invalid_argument(
                f"Expecting object but got list at item {index} of input list"
                if named
                else f"Expecting value/list but got object at item {index} of input list"
            )
        items = instance if named else {next(iter(dtypes)): instance}
        for name, value in items.items():
            try:
                _append_row(rows, name, value, dtypes)
            except StatusError as error:
                key = f" key: {name}" if named else ""
                raise invalid_argument(
                    f"Failed to process element: {index}{key} of 'instances' list. Error: {error}"
                ) from error
        if named and items.keys() != dtypes.keys():
            raise invalid_argument(
                f"Failed to process element: {index} of 'instances' list. JSON object: "
                f"{text(instance)} must only have keys: {','.join(sorted(dtypes))}"
            )
    return {name: np.stack(arrays) for name, arrays in rows.items()}


def _append_row(rows, name, value, dtypes):
    if name not in dtypes:
        raise invalid_argument(f"JSON object: does not have named input: {name}")
    array = walked_array(value, dtypes[name])
    first = rows.setdefault(name, [array])[0]
    if first is array:
        return
    if first.size != array.size:
        raise invalid_argument(f"Expecting tensor size: {first.size} but got: {array.size}")
    if first.shape != array.shape:
        raise invalid_argument(f"Expecting shape {_shown(first)} but got: {_shown(array)}")
    rows[name].append(array)


def _shown(array):
    return "[" + ",".join(map(str, array.shape)) + "]"
