"""Running a command as a person would, and what its failure has to look like."""

import contextlib
import importlib
import io
import os
import subprocess
import sys
import types

from absl import flags


def run(module, *arguments):
    """`python -m module arguments...` in a process of its own, to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


LISTENS_TO_CTRL_C = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def start(module, *arguments):
    """The same without waiting: a process to read from and to send signals to.

    A suite started in the background has Ctrl-C ignored and hands that down, so the new process
    listens to it again. It does so itself: a `preexec_fn` would make Popen fork, and a fork of a
    process with gRPC's and TensorFlow's threads in it hangs or aborts now and then.
    """
    return subprocess.Popen(
        [sys.executable, "-c", LISTENS_TO_CTRL_C, module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )


def call(module, *arguments):
    """The same inside this process, where TensorFlow has started already.

    The command's flags are taken away again, so that the next command can define its own.
    """
    cli = importlib.import_module(module).cli
    known, argv = set(flags.FLAGS), sys.argv
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = [module, *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli()
    except SystemExit as exit_:
        code = exit_.code or 0
    finally:
        sys.argv = argv
        for name in set(flags.FLAGS) - known:
            delattr(flags.FLAGS, name)
        flags.FLAGS.unparse_flags()
    return types.SimpleNamespace(returncode=code, stdout=out.getvalue(), stderr=err.getvalue())


def assert_refused(done, *words):
    """Exit code 2, no traceback, and one sentence that holds `words`."""
    sentences = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(sentences) == 1, done.stderr
    for word in words:
        assert word in sentences[0], sentences[0]
