"""The gRPC road to a server, for requests of any signature."""

import grpc
import tensorflow as tf
from tensorflow_serving.apis import prediction_service_pb2_grpc

from keras_reid.errors import first_line

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


class Refused(Exception):
    """The server answered with a status; `code` is its name."""

    def __init__(self, code, details):
        super().__init__(f"{code}: {details}")
        self.code = code


class Wire:
    """Sends PredictRequests as they are.

    Args:
      address: host:port. timeout: seconds for one request.
    """

    def __init__(self, address, timeout):
        self._timeout = timeout
        self._channel = grpc.insecure_channel(address, options=UNLIMITED)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def predict(self, message):
        """{output name: array}; Refused where the server says no, or nothing."""
        try:
            answer = self._stub.Predict(message, timeout=self._timeout)
        except grpc.RpcError as error:
            raise Refused(error.code().name, first_line(error.details() or "")) from error
        return {name: tf.make_ndarray(proto) for name, proto in answer.outputs.items()}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()
