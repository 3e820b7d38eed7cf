"""Log lines for people and for machines."""

import datetime
import json
import logging
import re
import sys

_PLAIN = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f]+")


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.000Z INFO request model=reid status=OK ..`"""

    def format(self, record):
        fields = getattr(record, "fields", {})
        words = [f"{name}={_word(value)}" for name, value in fields.items() if value is not None]
        line = " ".join([_time(record), record.levelname, record.getMessage(), *words])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, event, and the event's fields or a message."""

    def format(self, record):
        event = getattr(record, "event", None)
        line = {"time": _time(record), "level": record.levelname, "event": event or "message"}
        if event is None or record.getMessage() != event:
            line["message"] = record.getMessage()
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


FORMATTERS = {"text": (TextFormatter, logging.Formatter), "json": (JsonFormatter, JsonFormatter)}
ANNOUNCEMENTS = "serving.announcements"  # what a person or a script waits for, on standard output


def configure(name):
    """Logs go to standard error, ANNOUNCEMENTS to standard output; `name` is one of FORMATTERS."""
    for_logs, for_announcements = FORMATTERS[name]
    logging.basicConfig(level=logging.INFO, handlers=[_handler(sys.stderr, for_logs)], force=True)
    announcements = logging.getLogger(ANNOUNCEMENTS)
    announcements.handlers = [_handler(sys.stdout, for_announcements)]
    announcements.propagate = False


def _handler(stream, formatter):
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    return handler


def _time(record):
    moment = datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _word(value):
    """As it is, or quoted where it could be taken for more than one word or line."""
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)
