"""Makes an earlier version live again, or takes that back.

    python -m export.rollback --base=runs/demo/serving --name=reid
    python -m export.rollback --base=runs/demo/serving --name=reid --to=1764000000
    python -m export.rollback --base=runs/demo/serving --name=reid --undo

Versions above it are withdrawn: moved to names that are no numbers, which servers do not see, and
kept until python -m export.prune. Servers that read the base load the earlier version before they
let go of the later one.
"""

from absl import flags

from export.base_flags import define_base_flags, target_from, waiting
from export.publishing.rollback import roll_back, undo
from keras_reid.errors import ReIDError
from keras_reid.runs import entry


def define_flags():
    """This command's flags."""
    define_base_flags()
    flags.DEFINE_integer(
        "to", None, "Version to go to; default: the one before the live one.", lower_bound=1
    )
    flags.DEFINE_bool("undo", False, "Take the last rollback back.")


def main(argv):
    del argv
    values = flags.FLAGS
    if values.undo and values.to is not None:
        raise ReIDError("--undo knows where to go; leave out --to")
    target = target_from(values)
    before = target.live
    if values.undo:
        restored, withdrawn = undo(target, waiting=waiting)
    else:
        restored, withdrawn = roll_back(target, values.to, waiting=waiting)
    for what, versions in (("restored", restored), ("withdrawn", withdrawn)):
        if versions:
            print(f"{what}: {', '.join(map(str, versions))}")
    print(f"live: {target.live}" + (" as before" if target.live == before else ""))


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
