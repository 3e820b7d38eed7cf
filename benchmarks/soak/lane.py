"""One client of the load: its connections, and how a request becomes a record."""

import dataclasses
import time

import grpc
import numpy as np

from serving import contract
from serving.client import ReIDClient
from serving.errors import ServingError
from serving.messages import PREDICTION_SERVICE, PredictRequest, PredictResponse
from serving.tensors import to_array, to_proto

PREDICT = f"/{PREDICTION_SERVICE}/Predict"
TIMEOUT = 60.0
MODEL = "reid"
ENCODED = MODEL + contract.ENCODED_SUFFIX


@dataclasses.dataclass
class Record:
    """What became of one request; times are of time.monotonic, which all processes share.

    version: that the response names; None where it names none.
    weights: that give this answer; None where there was no answer to compare.
    """

    kind: str
    model: str
    start: float
    end: float = 0.0
    status: str = ""
    details: str = ""
    version: int | None = None
    weights: list | None = None


class Lane:
    """Raw gRPC without retries, and the library's client over gRPC and over REST.

    Args:
      grpc_address, rest_address: of the server.
      answers: Answers.
    """

    def __init__(self, grpc_address, rest_address, answers):
        self.answers = answers
        self.given = answers.given
        self.addresses = {"grpc": grpc_address, "rest": rest_address}
        self.channel = grpc.insecure_channel(
            grpc_address,
            options=[("grpc.enable_retries", 0), ("grpc.use_local_subchannel_pool", 1)],
        )
        self._predict = self.stub(self.channel)
        self.clients = {
            "grpc": ReIDClient(grpc_address, MODEL, timeout=TIMEOUT),
            "rest": ReIDClient(rest_address, MODEL, timeout=TIMEOUT),
        }

    def stub(self, channel):
        return channel.unary_unary(
            PREDICT,
            request_serializer=PredictRequest.SerializeToString,
            response_deserializer=PredictResponse.FromString,
        )

    def start(self, request, timeout=TIMEOUT):
        """A call under way, with `result` and `cancel`."""
        return self._predict.future(request, timeout=timeout)

    def ask(self, record, request, timeout=TIMEOUT):
        """{output: array}, or None; fills the record's version or status."""
        return self.finish(record, self.start(request, timeout))

    def finish(self, record, call):
        """The same of a call under way."""
        try:
            response = call.result()
        except grpc.FutureCancelledError:
            record.status = "CANCELLED"
        except grpc.RpcError as error:
            record.status, record.details = error.code().name, error.details() or ""
        else:
            record.status = "OK"
            record.version = response.model_spec.version.value
            return {name: to_array(proto) for name, proto in response.outputs.items()}
        return None

    def close(self):
        self.channel.close()
        for client in self.clients.values():
            client.close()


def predict_request(model, signature, inputs, output_filter=()):
    request = PredictRequest(output_filter=output_filter)
    request.model_spec.name, request.model_spec.signature_name = model, signature
    for name, array in inputs.items():
        request.inputs[name].CopyFrom(to_proto(np.asarray(array)))
    return request


def recorded(kind, model, call, lane, rng):
    """The Record of `call(lane, rng, record)`, whatever became of it."""
    record = Record(kind, model, time.monotonic())
    try:
        call(lane, rng, record)
    except ServingError as error:  # the library's client: the class names the status
        record.status, record.details = type(error).__name__, str(error)[:300]
    record.end = time.monotonic()
    return record
