"""A model server in a hundred lines: `fake_model.FakeModel` behind gRPC and REST, plain or TLS."""

import base64
import concurrent.futures
import contextlib
import http.server
import json
import ssl
import threading

import grpc
import numpy as np
from google.protobuf import json_format

from serving import errors, messages, tensors
from tests.serving.fake_model import DESCRIPTION, SIZE, WIDTH, Failure, FakeModel, embed

__all__ = [
    "DESCRIPTION",
    "FakeModel",
    "Failure",
    "SIZE",
    "WIDTH",
    "embed",
    "grpc_server",
    "rest_server",
]


@contextlib.contextmanager
def grpc_server(model, port=0, options=(), certificate=None, client_ca=None, max_calls=None):
    """Yields "localhost:port" of a running server.

    certificate: trustme.LeafCert for TLS, or None.
    max_calls: calls at the same time; one more is refused.
    client_ca: trustme.CA that clients' certificates have to be of, or None.
    """

    def predict(request):
        inputs = {name: tensors.to_array(proto) for name, proto in request.inputs.items()}
        outputs = model.predict(request.model_spec.name, request.model_spec.signature_name, inputs)
        response = messages.PredictResponse(model_spec=request.model_spec)
        for name in request.output_filter or outputs:
            if name in outputs:
                response.outputs[name].CopyFrom(tensors.to_proto(outputs[name]))
        return response

    def metadata(request):
        response = messages.GetModelMetadataResponse(model_spec=request.model_spec)
        response.metadata["signature_def"].Pack(model.metadata(request.model_spec.name))
        return response

    def status(request):
        return model.status(request.model_spec.name)

    def answered(function):
        def handler(request, context):
            answered = threading.Event()
            context.add_callback(lambda: answered.is_set() or model.ended.release())
            try:
                model.admit(dict(context.invocation_metadata()).get("authorization"))
                return function(request)
            except Failure as failure:
                context.abort(grpc.StatusCode[failure.status], str(failure))
            finally:
                answered.set()

        return handler

    functions = {"Predict": predict, "GetModelMetadata": metadata, "GetModelStatus": status}
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(16),
        options=options,
        maximum_concurrent_rpcs=max_calls,
    )
    for service, methods in messages.SERVICES.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                answered(functions[name]), request.FromString, response.SerializeToString
            )
            for name, (request, response) in methods.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
    if certificate is None:
        port = server.add_insecure_port(f"localhost:{port}")
    else:
        chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
        credentials = grpc.ssl_server_credentials(
            [(certificate.private_key_pem.bytes(), chain)],
            root_certificates=client_ca and client_ca.cert_pem.bytes(),
            require_client_auth=client_ca is not None,
        )
        port = server.add_secure_port(f"localhost:{port}", credentials)
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(0).wait()


@contextlib.contextmanager
def rest_server(model, certificate=None):
    """Yields "http://localhost:port" of a running server; "https://..." with a certificate."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name, _, verb = self.path.removeprefix("/v1/models/").partition("/")
            message = (model.metadata if verb else model.status)(name)
            answer = json_format.MessageToDict(message, preserving_proto_field_name=True)
            return {"metadata": {"signature_def": answer}} if verb else answer

        def do_POST(self):
            name = self.path.removeprefix("/v1/models/").removesuffix(":predict")
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = model.signature(name, body["signature_name"])
            inputs = {
                name: column(values, known.inputs[name]) for name, values in body["inputs"].items()
            }
            outputs = model.predict(name, body["signature_name"], inputs)
            columns = {key: plain(array) for key, array in outputs.items()}
            return {"outputs": columns if len(columns) > 1 else next(iter(columns.values()))}

        def handle_one_request(self):
            self.raw_requestline = self.rfile.readline(65537)
            if not self.parse_request():
                return
            try:
                model.admit(self.headers["authorization"])
                status, answer = 200, getattr(self, f"do_{self.command}")()
            except Failure as failure:
                status = errors.HTTP_STATUS[failure.status]
                answer = {"error": str(failure)}
            with contextlib.suppress(OSError):
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    server.daemon_threads = True
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    server.handle_error = lambda *_: None  # handshakes that fail, clients that go away
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    try:
        yield f"{'https' if certificate else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def column(values, tensor):
    if tensor.dtype == "str":
        array = np.empty(len(values), object)
        array[:] = [base64.b64decode(value["b64"]) for value in values]
        return array
    return np.array(values, tensor.dtype)


def plain(array):
    return [value.decode() for value in array] if array.dtype == object else array.tolist()
