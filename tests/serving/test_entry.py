"""Exit codes and the one sentence, as a person at a terminal meets them."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from absl import flags
from serving import entry
from serving.errors import BadRequest
NUMBER = flags.DEFINE_integer("number", 0, "A number.", lower_bound=0)
def main():
    if NUMBER.value == 1: raise BadRequest("one is\\n  too few")
    if NUMBER.value == 2: raise KeyboardInterrupt
    return NUMBER.value or None
entry.run(main)
"""


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 0, ""),
        (["--number=7"], 7, ""),
        (["--number=1"], 2, "error: one is too few\n"),
        (["--number=2"], 130, "error: interrupted\n"),
        (["stray"], 2, "error: unexpected argument 'stray'; options start with --\n"),
        (["--numbre=1"], 2, "see --help"),
        (["--number=-3"], 2, "see --help"),
    ],
)
def test_exit_code_and_sentence(arguments, code, says):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert says in done.stderr and done.stderr.count("\n") <= 1
