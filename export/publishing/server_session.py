"""A server for the length of a `with`: start, wait running, wait loaded, use, always stop."""

import contextlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from export.publishing.fingerprint import files_below
from export.publishing.layout import Export
from export.publishing.runners.process import PortTaken

TRIES = 3
LOG_LINES = 200
WARMUP = "assets.extra/tf_serving_warmup_requests"


@contextlib.contextmanager
def serving(export, make_runner, *, timeout, warmups=None, tell=lambda seconds: None):
    """Yields a runner that has loaded a copy of the export.

    A start is tried again where somebody took the port meanwhile, and for nothing else. Whatever
    goes wrong, also in the body, the server's log is printed between two marks.

    Args:
      export: Export.
      make_runner: (base, names) -> runner.
      timeout: seconds to open the port, and to load.
      warmups: {servable name: bytes of its warm-up file}; None: none, also not the export's own.
      tell: told the seconds waited so far.

    Raises:
      ServerDown: the server ended, or cannot load the model.
    """
    with tempfile.TemporaryDirectory(prefix="keras_reid_validate_") as folder:
        base = stage(export, Path(folder), warmups or {})
        runner = started(make_runner, base, list(export.folders), timeout, tell)
        try:
            yield runner
        except Exception:
            print_log(runner)
            raise
        finally:
            runner.stop()


def started(make_runner, base, names, timeout, tell):
    """A runner whose models are loaded."""
    for left in reversed(range(TRIES)):
        runner, loaded = make_runner(base, names), False
        try:
            runner.start()
            runner.wait_running(timeout, tell)
            runner.wait_loaded(timeout, tell)
            loaded = True
            return runner
        except PortTaken:
            if not left:
                print_log(runner)
                raise
        except Exception:
            print_log(runner)
            raise
        finally:
            if not loaded:
                runner.stop()
    raise ValueError("TRIES must be positive")


def stage(export: Export, folder, warmups):
    """Lays the export's files out as a base of its own, by links where that can be.

    The server sees the files as they are now, and neither markers nor an older warm-up.
    """
    for name, version in export.folders.items():
        copy = folder / name / version.name
        for relative in files_below(version):
            if relative == WARMUP:
                continue
            place = copy / relative
            place.parent.mkdir(parents=True, exist_ok=True)
            link_or_copy(version / relative, place)
        if name in warmups:
            (copy / WARMUP).parent.mkdir(parents=True, exist_ok=True)
            (copy / WARMUP).write_bytes(warmups[name])
    return folder


def link_or_copy(source, place):
    try:
        os.link(os.path.realpath(source), place)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, place)


def print_log(runner):
    """The end of a server's log on standard error, indented so that no line looks like ours."""
    lines = runner.logs().splitlines()
    print(f"----- log of the model server ({runner.kind}) -----", file=sys.stderr)
    if len(lines) > LOG_LINES:
        print(f"  | ({len(lines) - LOG_LINES} lines left out)", file=sys.stderr)
    for line in lines[-LOG_LINES:]:
        print(f"  | {line}", file=sys.stderr)
    print("----- end of the log -----", file=sys.stderr)
