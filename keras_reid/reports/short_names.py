"""Long paths as names that fit a table and still differ."""

from pathlib import PurePath


def short_names(sources):
    """The shortest ends of these paths that differ from each other, without a suffix.

    "runs/a/model.keras", "runs/b" -> "model", "b"; "runs/a/gan", "runs/b/gan" -> "a/gan", "b/gan".
    """
    longest = max((len(PurePath(source).parts) for source in sources), default=0)
    for count in range(1, longest + 1):
        names = [_end(source, count) for source in sources]
        if len(set(names)) == len(names):
            return names
    return list(sources)


def _end(source, count):
    path = PurePath(source)
    path = path.with_suffix("") if path.suffix in (".keras", ".pth") else path
    return "/".join(path.parts[-count:])
