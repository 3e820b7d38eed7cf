"""What every command line entry does around its `main`: one sentence for bad input, exit codes."""

import os
import re
import sys

from absl import app, flags, logging

from keras_reid.errors import ReIDError

BAD_INPUT = 2
INTERRUPTED = 130


def run(main, errors=(ReIDError,)):
    """Runs `main(argv)` under absl and turns expected failures into one sentence.

    Args:
      main: callable taking the arguments left after flag parsing; returns None or an exit code.
      errors: exception types whose message is already the sentence to print.

    Exits 0 (or with what `main` returned), 2 on bad input, 130 on Ctrl-C.
    """

    def guarded(argv):
        try:
            if len(argv) > 1:
                raise app.UsageError(f"unexpected argument {argv[1]!r}; options start with --")
            sys.exit(main(argv))
        except (app.UsageError, *errors) as error:
            sentence(error)
            sys.exit(BAD_INPUT)
        except KeyboardInterrupt:
            sentence("interrupted")
            sys.exit(INTERRUPTED)

    # As `python -m` has it, so that --model=package.module:function means the same in a script.
    sys.path.insert(0, os.getcwd())
    app.run(guarded, flags_parser=parse_flags)


def parse_flags(argv):
    """absl's parser, but --help tells all our flags, and a bad flag is one sentence, exit 2."""
    if any(word in ("--help", "-h", "-?") for word in argv[1:]):
        print_help()
        sys.exit(0)
    try:
        rest = flags.FLAGS(argv)
    except flags.Error as error:
        missing = re.findall(r"Flag (--\w+) must have a value other than None", str(error))
        if missing:
            error = f"{' and '.join(missing)} must be given"
        sentence(f"{error}; see --help")
        sys.exit(BAD_INPUT)
    # TensorFlow's own notes (where a checkpoint was sharded, ...) are for --verbosity=0. A default
    # would not do: app.run raises it to 0.
    if flags.FLAGS["verbosity"].using_default_value:
        flags.FLAGS.verbosity = logging.WARNING
    return rest


def print_help():
    """What the command is for, and its flags, also those it shares with other commands.

    absl's own --help leaves out flags of any module but the one that was started.
    """
    print(sys.modules["__main__"].__doc__ or "")
    print("Flags:")
    for module, found in flags.FLAGS.flags_by_module_dict().items():
        if module.split(".")[0] in ("absl", "tensorflow", "keras"):
            continue
        for flag in found:
            default = "" if flag.default is None else f" (default: {flag.default_as_str})"
            print(flags.text_wrap(f"--{flag.name}: {flag.help}{default}", 100, "    ", "  "))


def sentence(message):
    """Prints one line to standard error, whatever line breaks the message carried."""
    print(f"error: {' '.join(str(message).split())}", file=sys.stderr)
