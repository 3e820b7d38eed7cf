"""Which version directories of a model are to be served.

base_path/
  1/saved_model.pb
  00123/saved_model.pb      version 123
  tmp-124/                  ignored: the name is not a number
"""

import dataclasses
import os
import re

# No int64 has more digits, and Python refuses to read thousands of them.
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}", re.ASCII)
_INT64 = range(-(2**63), 2**63)


@dataclasses.dataclass(frozen=True)
class Latest:
    """The highest numbers on disk."""

    num_versions: int = 1

    def choose(self, versions):
        return sorted(versions)[-max(1, self.num_versions) :]


@dataclasses.dataclass(frozen=True)
class All:
    """Everything on disk."""

    def choose(self, versions):
        return sorted(versions)


@dataclasses.dataclass(frozen=True)
class Specific:
    """These numbers, as far as they are on disk."""

    versions: tuple

    def choose(self, versions):
        return sorted(set(versions) & set(self.versions))


def parse_version(name):
    """The int64 in a directory name, or None."""
    if not _INTEGER.fullmatch(name):
        return None
    number = int(name)
    return number if number in _INT64 else None


def versions_on_disk(base_path):
    """{version: directory}. Raises OSError where the base path can't be listed."""
    with os.scandir(base_path) as entries:
        directories = sorted(entry.name for entry in entries if entry.is_dir())
    numbered = {name: parse_version(name) for name in directories}
    return {
        version: os.path.join(base_path, name)
        for name, version in numbered.items()
        if version is not None
    }


def aspired_versions(base_path, policy):
    """{version: directory} that the policy asks for."""
    found = versions_on_disk(base_path)
    return {version: found[version] for version in policy.choose(found)}
