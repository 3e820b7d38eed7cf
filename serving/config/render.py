"""Templates: string.Template, whose `$name` alone on a line takes a block, indented as it stands.

A block that is empty takes its line away with it. `$$` is a dollar.
"""

import json
import re
import string
import textwrap
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
BLOCK = re.compile(r"^([ ]*)\$([a-z0-9_]+)\n", re.MULTILINE)


def render(template, values):
    """The text of `templates/<template>` with `values` in it; KeyError for a missing one."""
    return fill((TEMPLATES / template).read_text(encoding="utf-8"), values)


def fill(text, values):
    """`text` with every `$name` replaced by values[name]."""

    def block(found):
        value = str(values[found[2]]).rstrip("\n")
        # Dollars of a value are not the template's.
        return textwrap.indent(value + "\n", found[1]).replace("$", "$$") if value else ""

    return string.Template(BLOCK.sub(block, text)).substitute(values)


def yaml_list(items):
    """Lines of a YAML sequence of strings; JSON's quotes are YAML's too."""
    return "\n".join(f"- {json.dumps(str(item))}" for item in items)


def commented(text, width=96):
    """A comment of as many lines as it takes."""
    return "\n".join(f"# {line}" for line in textwrap.wrap(text, width))
