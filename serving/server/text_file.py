"""The text files behind flags: a protobuf message each, as tensorflow_model_server reads them."""

from google.protobuf import text_format

from serving.errors import ServingError


def read_message(path, flag, message_class):
    """The message in a file; raises ServingError with the flag, the file and the reason."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse_message(file.read(), message_class)
    except OSError as error:
        raise ServingError(f"cannot read {flag} {path}: {error.strerror}") from error
    except (ServingError, UnicodeDecodeError) as error:
        raise ServingError(f"{flag} {path}: {error}") from error


def parse_message(text, message_class):
    """The message that is written as text."""
    message = message_class()
    try:
        return text_format.Parse(text, message)
    except text_format.ParseError as error:
        raise ServingError(f"not a {message_class.DESCRIPTOR.name}: {error}") from error
