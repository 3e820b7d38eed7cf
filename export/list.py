"""Lists the versions of a serving base, newest first.

    python -m export.list --base=runs/demo/serving --name=reid
    python -m export.list --base=runs/demo/serving --name=reid --server=localhost:8500 --json

`live` is the version that a server of the default policy answers with, `ready` one that a rollback
can go to at once, `withdrawn` one that was rolled back. --server adds what a running one says.
"""

import dataclasses
import json

from absl import flags

from export.base_flags import define_base_flags, define_server_flag, servers_from, target_from
from export.publishing.listing import rows, table
from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from serving.errors import ServingError


def define_flags():
    """This command's flags."""
    define_base_flags()
    define_server_flag("their state of each version is shown.")
    flags.DEFINE_bool("json", False, "Rows as JSON.")


def main(argv):
    del argv
    values = flags.FLAGS
    found = rows(target_from(values), servers_from(values))
    if values.json:
        print(json.dumps([dataclasses.asdict(row) for row in found], indent=2))
    else:
        print("\n".join(table(found)))


def cli():
    """The console script."""
    define_flags()
    entry.run(main, errors=(ReIDError, ServingError))


if __name__ == "__main__":
    cli()
