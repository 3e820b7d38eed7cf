"""The embedded development model server: TensorFlow Serving's services over one process.

For quick starts, tests and validation. In production run tensorflow_model_server.
"""
