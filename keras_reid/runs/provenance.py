"""Where a number comes from: command, code, versions, machine, time."""

import datetime
import importlib.metadata
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import keras_reid

PACKAGES = ("tensorflow", "keras", "numpy")


def provenance(argv=None):
    """What a reader needs to get the same figures again, ready for JSON and for a report.

    Args:
      argv: the command line, as in sys.argv; None takes sys.argv.

    Returns:
      {"command", "git", "keras_reid", "python", "tensorflow", "keras", "numpy", "platform",
      "time"}: strings; "git" is None outside a checkout and ends in "+changes" if files differ
      from the commit.
    """
    return {
        "command": command_line(sys.argv if argv is None else argv),
        "git": git_state(),
        "keras_reid": keras_reid.__version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def command_line(argv):
    """The command as one would type it: `python -m trainers.evaluate --model=...`."""
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if argv is sys.argv and spec is not None and str(argv[0]).endswith(".py"):
        program = ["python", "-m", spec.name.removesuffix(".__main__")]
    else:
        program = [os.path.basename(argv[0])] if argv else []
    return shlex.join([*program, *map(str, argv[1:])])


def git_state(folder=None):
    """Hash of the commit that `folder` (this package's) belongs to, or None.

    A package that was installed into an environment inside somebody's checkout is not of that
    checkout: its files must be tracked there.
    """
    folder = Path(folder or keras_reid.__file__).resolve()
    folder = folder if folder.is_dir() else folder.parent
    if _git(folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+changes" if changed else commit


def _git(folder, *arguments):
    """What git answers, or None where there is no git, no checkout or no answer."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
