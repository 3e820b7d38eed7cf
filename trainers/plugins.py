"""Other people's code by dotted path: package.module:Name."""

import importlib
import re

from keras_reid.errors import ReIDError, first_line
from trainers import addons

FORM = "package.module:Name"


def is_path(text):
    """Whether a flag's value names a plug-in and not one of the built-in choices."""
    return isinstance(text, str) and ":" in text


def find(flag, path):
    """What lies at a dotted path.

    Args:
      flag: the name of the flag, for the sentence.
      path: "package.module:Name"; the name may be dotted, too.

    Raises:
      ReIDError: the path is malformed, the module is missing or fails, or has no such name.
    """
    module, _, name = path.partition(":")
    said = f"--{flag}={path}"
    if not all(part.isidentifier() for part in [*module.split("."), *name.split(".")]):
        raise ReIDError(f"{said} is no path; write {FORM} as in {_example(flag)}")
    if addons.is_addons(module) and not addons.importable():
        raise ReIDError(f"{said} cannot be had: {addons.why_not(module, name)}")
    found = _imported(module, said)
    walked = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        # Some modules tell of a name that is gone by an error of their own.
        except Exception as error:
            raise ReIDError(
                f"{said} does not exist: {walked} has no {part!r}{_near(found, part)}"
            ) from error
        walked = f"{walked}.{part}"
    return found


def reason(error):
    """Somebody else's exception in a few words.

    What was raised in a traced function comes with the whole way there before its own message.
    """
    if str(error).startswith("in user code"):
        lines = (line.strip().rstrip(":") for line in str(error).splitlines())
        told = [line for line in lines if re.match(r"\w*(Error|Exception)\b(: |$)", line)]
        return first_line(told[0]) if told else type(error).__name__
    name, line = type(error).__name__, first_line(error)
    return name if line == name else f"{name}: {line}"


def _imported(module, said):
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        if module == missing or module.startswith(f"{missing}."):
            hint = "; its full name is tensorflow_addons" if missing == "tfa" else ""
            raise ReIDError(
                f"{said} does not exist: there is no module {missing!r}; install it, or start the "
                f"command in the folder that holds it{hint}"
            ) from error
        raise ReIDError(_failed(said, module, error)) from error
    # Whatever a module does when it is imported, sys.exit included, is its own.
    except (Exception, SystemExit) as error:
        raise ReIDError(_failed(said, module, error)) from error


def _failed(said, module, error):
    return f"{said} cannot be had: importing {module} failed with {reason(error)}; repair it first"


def _near(found, name):
    """A hint where only the case is wrong."""
    near = [each for each in dir(found) if each.lower() == name.lower()]
    return f"; did you mean {near[0]!r}?" if near else "; check the spelling"


def _example(flag):
    return f"--{flag}=keras.{'optimizers:Lion' if flag == 'optimizer' else 'losses:Circle'}"
