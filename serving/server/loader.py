"""A SavedModel in a graph and a session, restored the way TensorFlow Serving restores it.

Not tf.saved_model.load: that one rebuilds Python objects and so hides faults that a server shows,
such as variables that only the saver's restore op fills (Keras 3).
"""

import gc
import os

import numpy as np
import tensorflow as tf
from grpc import StatusCode
from tensorflow.python.client import pywrap_tf_session

from serving.server.errors import StatusError, from_tensorflow, invalid_argument, not_found
from serving.tensors import MAX_RANK

TAGS = ["serve"]
INIT_OP = "__saved_model_init_op"  # in every SavedModel of TensorFlow 2, and no signature
SAVED_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt")


class LoadedModel:
    """One version of a model: `signatures` ({key: SignatureDef}) and `run`.

    Args:
      path: version directory that holds saved_model.pb.
      parallelism: threads across and inside ops, shared by all models of the process; 0 means
        one for each core.

    Raises StatusError when the directory holds no SavedModel, it can't be restored, or it has no
    signatures.
    """

    def __init__(self, path, *, parallelism=0):
        path = os.fspath(path)
        if not any(os.path.isfile(os.path.join(path, name)) for name in SAVED_MODEL_FILES):
            raise not_found(
                "Specified file path does not appear to contain a SavedModel bundle "
                f"(should have a file called `saved_model.pb`) Specified file path: {path}"
            )
        self._graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=self._graph, config=_session_config(parallelism))
        self._outputs = {}
        try:
            with self._graph.as_default():
                loaded = tf.compat.v1.saved_model.load(self._session, TAGS, path)
        except tf.errors.OpError as error:
            self._session.close()
            raise from_tensorflow(error) from error
        except Exception as error:  # a damaged file fails in as many ways as it has bytes
            self._session.close()
            raise StatusError(StatusCode.INTERNAL, f"cannot load {path}: {error}") from error
        if not set(loaded.signature_def) - {INIT_OP}:
            self._session.close()
            raise StatusError(
                StatusCode.FAILED_PRECONDITION,
                f"the SavedModel in {path} has no signatures, so nothing can be asked of it; "
                "save it with signatures=",
            )
        self._graph.finalize()
        # Copies: a submessage would keep the whole graph definition in memory.
        self.signatures = {
            key: type(signature).FromString(signature.SerializeToString())
            for key, signature in loaded.signature_def.items()
        }

    def run(self, feeds, fetches, *, timeout_ms=None):
        """Runs the graph once.

        Args:
          feeds: {tensor name: ndarray}; dtype and shape are checked by the runtime alone.
          fetches: tensor names.
          timeout_ms: the run is cancelled after this time; None never.

        Returns:
          ndarrays, one for each fetch. Raises StatusError with the runtime's code and message.
        """
        for value in feeds.values():
            if value.ndim > MAX_RANK:  # of strings they would end the process in TensorFlow
                raise invalid_argument(f"tensor of rank {value.ndim} is not supported")
        values = {self._tensor(name): value for name, value in feeds.items()}
        outputs = [self._tensor(name) for name in fetches]
        options = _run_options(timeout_ms)
        try:
            # Session.run would cast values to the placeholder's dtype and refuse other shapes;
            # a server does neither, so they go to the runtime as they came.
            results = self._session._call_tf_sessionrun(options, values, outputs, [], None)
        except tf.errors.OpError as error:
            raise from_tensorflow(error) from error
        finally:
            if options is not None:
                pywrap_tf_session.TF_DeleteBuffer(options)
        return [_as_array(result) for result in results]

    def _tensor(self, name):
        if name not in self._outputs:
            try:
                self._outputs[name] = self._graph.get_tensor_by_name(name)._as_tf_output()
            except (KeyError, ValueError):
                raise invalid_argument(
                    f"Tensor {name}, specified in either feed_devices or fetch_devices was not "
                    "found in the Graph"
                ) from None
        return self._outputs[name]

    def close(self):
        """Frees variables and graph. No run may be under way, and none may follow."""
        self._session.close()
        self._session = self._graph = None
        self._outputs.clear()
        gc.collect()  # a graph is all cycles, and would stay for several versions to come


def _session_config(parallelism):
    config = tf.compat.v1.ConfigProto(
        intra_op_parallelism_threads=parallelism, inter_op_parallelism_threads=parallelism
    )
    config.gpu_options.allow_growth = True  # a development server shares its GPU with training
    return config


def _run_options(timeout_ms):
    if timeout_ms is None:
        return None
    options = tf.compat.v1.RunOptions(timeout_in_ms=max(1, int(timeout_ms)))
    return pywrap_tf_session.TF_NewBufferFromString(options.SerializeToString())


def _as_array(value):
    """Scalars come back from a session as NumPy scalars, or as bytes."""
    return np.array(value, dtype=object) if isinstance(value, bytes) else np.asarray(value)
