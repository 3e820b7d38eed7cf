"""Publishes a blessed export: copied aside, then renamed to a new version of a serving base.

    python -m export.publish --servable=runs/demo/models/reid/1 --base=runs/demo/serving

Both servables get the same version, the later of the unix time and the last version + 1. A model
server that reads the base picks it up; whatever happens meanwhile, it never sees half of it.
Content that is there already is not published twice. See docs/publishing.md.
"""

import sys

from absl import flags

from export.base_flags import Ticker, waiting
from export.publishing.layout import find_export
from export.publishing.publisher import publish
from export.publishing.target import make_target
from keras_reid.errors import ReIDError
from keras_reid.runs import entry
from keras_reid.runs.provenance import provenance


def define_flags():
    """This command's flags."""
    flags.DEFINE_string("servable", None, "Version folder of the export.", required=True)
    flags.DEFINE_string("base", None, "Folder above the models that servers read.", required=True)
    flags.DEFINE_string("name", None, "Name of the model there; default: as it was exported.")
    flags.DEFINE_string("note", "", "A few words for python -m export.list.")
    flags.DEFINE_bool("again", False, "Publish content that is there already once more.")
    flags.DEFINE_bool("allow_unblessed", False, "Publish without blessings; is recorded.")


def main(argv):
    del argv
    values = flags.FLAGS
    export = find_export(values.servable)
    target = make_target(values.base, values.name or export.name)
    if target.base / export.name == export.main.parent:
        raise ReIDError(f"{export.main} lies in the base {target.base} already; choose another")
    done = publish(
        export,
        target,
        note=values.note,
        allow_unblessed=values.allow_unblessed,
        again=values.again,
        copied=Ticker("copied {done:.0f} MB ..."),
        waiting=waiting,
        origin=provenance(sys.argv),
    )
    if done.new:
        print(f"published: {target.main / str(done.version)}")
    else:
        print(f"nothing published: {there(target, done.version)}")


def there(target, version):
    """How content that is in a base already could be served."""
    sentence = f"version {version} of {target.main} holds the same content"
    if version == target.live:
        return f"{sentence}, and is live; --again publishes it once more"
    what = "is withdrawn" if version in target.withdrawn else "is not the live one"
    return f"{sentence} and {what}; export.rollback --to={version} serves it, --again copies it"


def cli():
    """The console script."""
    define_flags()
    entry.run(main)


if __name__ == "__main__":
    cli()
