"""What lies where, from an export to a serving base.

<base>/<name>/<version>/saved_model.pb ...
                        assets.extra/tf_serving_warmup_requests    requests that passed
                        INFRA_BLESSED or INFRA_NOT_BLESSED         export.validate
                        MODEL_BLESSED or MODEL_NOT_BLESSED         export.bless
                        PUBLISHED.json                             export.publish
<base>/<name>/withdrawn-<version>/    rolled back; kept
<base>/<name>/.draft-<version>/       being copied
<base>/<name>/.deleted-<version>/     being deleted
<base>/<name>_encoded/...             the same versions; no blessings of its own
<base>/.<name>.lock                   held by whoever changes the base

A model server looks at directories whose name is a number and at nothing else.
"""

import dataclasses
import re
from pathlib import Path

from export.publishing.fingerprint import fingerprint_of
from keras_reid.errors import ReIDError
from serving.contract import ENCODED_SUFFIX

WITHDRAWN, DRAFT, DELETED = "withdrawn-", ".draft-", ".deleted-"
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
LARGEST = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Export:
    """One exported version: the main servable and, where there is one, the encoded one.

    name: of the model; version: its number; main, encoded: version folders, encoded may be None.
    """

    name: str
    version: int
    main: Path
    encoded: Path | None

    @property
    def folders(self):
        """{servable name: version folder}, main first."""
        named = {self.name: self.main}
        return named | ({self.name + ENCODED_SUFFIX: self.encoded} if self.encoded else {})

    def fingerprint(self):
        """16 hex digits of every file of both servables but the markers."""
        return fingerprint_of([self.main, *([self.encoded] if self.encoded else [])])


def find_export(path):
    """The Export at a version folder `<base>/<name>/<version>`.

    Raises:
      ReIDError: nothing there, no SavedModel, no number, or an encoded servable.
    """
    refuse_object_store(path)
    main = Path(path).expanduser()
    if not main.is_dir():
        raise ReIDError(f"there is no version folder {main}; give <base>/<name>/<version>")
    if not (main / "saved_model.pb").is_file():
        found = sorted(numbered(main))
        hint = f"; give one of its versions: {main / str(found[-1])}" if found else ""
        raise ReIDError(f"{main} holds no saved_model.pb, so it is no exported version{hint}")
    main = main.resolve()
    version = parse_version(main.name)
    if version is None:
        raise ReIDError(
            f"{main} is not named by a version number, as a model server wants it; move it to "
            f"{main / '1'}"
        )
    name = main.parent.name
    if name.endswith(ENCODED_SUFFIX):
        other = name.removesuffix(ENCODED_SUFFIX)
        raise ReIDError(
            f"{main} is the encoded servable, which goes along; name the main one: "
            f"{main.parent.parent / other / main.name}"
        )
    encoded = main.parent.parent / (name + ENCODED_SUFFIX) / main.name
    return Export(name, version, main, encoded if encoded.is_dir() else None)


def parse_version(name):
    """The positive number in a directory's name, or None."""
    number = int(name) if _NUMBER.fullmatch(name) else 0
    return number if 0 < number <= LARGEST else None


def numbered(home, prefix=""):
    """{version: folder} of the directories `<prefix><number>` below one model's folder."""
    if not home.is_dir():
        return {}
    found = {
        parse_version(child.name.removeprefix(prefix)): child
        for child in sorted(home.iterdir())
        if child.name.startswith(prefix) and child.is_dir()
    }
    return {version: folder for version, folder in found.items() if version is not None}


def refuse_object_store(path):
    """Refuses gs:// and its like: a rename there is a copy, and nobody sees it whole."""
    if "://" in str(path):
        raise ReIDError(
            f"{path} is an object store, where no rename is atomic; publish to a folder and copy "
            "from there, saved_model.pb last"
        )
