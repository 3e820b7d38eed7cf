"""What the command line entries of serving/ do around their `main`.

`keras_reid.runs.entry` is the same for the library's entries: serving/ imports nothing of it, so
that a client can be installed and read alone.
"""

import sys

from absl import app, flags

from serving.errors import ServingError

BAD_INPUT = 2
INTERRUPTED = 130


def run(main):
    """Runs `main()` under absl; exits 0, 2 on a ServingError or a bad flag, 130 on Ctrl-C."""

    def guarded(argv):
        try:
            if len(argv) > 1:
                raise ServingError(f"unexpected argument {argv[1]!r}; options start with --")
            sys.exit(main())
        except ServingError as error:
            fail(error, BAD_INPUT)
        except KeyboardInterrupt:
            fail("interrupted", INTERRUPTED)

    # absl's --help shows the flags of the started script; a console script has none of its own.
    for module, found in list(flags.FLAGS.flags_by_module_dict().items()):
        if module.startswith("serving."):
            for flag in found:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    app.run(guarded, flags_parser=parse_flags)


def parse_flags(argv):
    """absl's parser, with its usage dump replaced by one sentence."""
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        return fail(f"{error}; see --help", BAD_INPUT)


def fail(message, code):
    """Prints one line to standard error, whatever line breaks the message carried, and exits."""
    print(f"error: {' '.join(str(message).split())}", file=sys.stderr)
    sys.exit(code)
