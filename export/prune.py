"""Deletes old versions of a serving base, never the live one.

    python -m export.prune --base=runs/demo/serving --name=reid --keep=3 --dry_run
    python -m export.prune --base=runs/demo/serving --name=reid --keep=3 --server=localhost:8500

Keeps the newest --keep versions, as many of the withdrawn ones, and whatever a --server has loaded.
"""

from absl import flags

from export.base_flags import (
    define_base_flags,
    define_server_flag,
    servers_from,
    target_from,
    waiting,
)
from export.publishing.pruning import plan, prune
from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from serving.errors import ServingError


def define_flags():
    """This command's flags."""
    define_base_flags()
    define_server_flag("what they have loaded is kept.")
    flags.DEFINE_integer("keep", 3, "Versions to keep, and withdrawn ones.", lower_bound=1)
    flags.DEFINE_bool("dry_run", False, "Say what would be deleted, delete nothing.")


def main(argv):
    del argv
    values = flags.FLAGS
    target, servers = target_from(values), servers_from(values)
    if values.dry_run:
        doomed, busy = plan(target, values.keep, servers)
    else:
        doomed, busy = prune(target, values.keep, servers, waiting=waiting)
    for version in busy:
        print(f"kept: {version}, which a server has loaded")
    for version in doomed:
        print(f"{'would delete' if values.dry_run else 'deleted'}: {version}")
    if not doomed:
        print("nothing to delete")


def cli():
    """The console script."""
    define_flags()
    entry.run(main, errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
