"""The models that the fuzzed server has loaded, and what it is told about them.

Imports TensorFlow: the processes that send requests do without.
"""

from pathlib import Path

from export.limits import Limits
from export.savedmodel import export_model
from tests.export.models import make_linear
from tests.serving.server import tiny_models

LIMITS = Limits(steps=4, batch=8, encoded_bytes=20_000)
CONFIG = """
config {{ name: "{name}" base_path: "{base}/{name}" model_platform: "tensorflow" {more} }}
"""
LABELLED = """
model_version_policy {{ all {{}} }}
version_labels {{ key: "stable" value: 1 }} version_labels {{ key: "canary" value: 2 }}
""".replace("{{", "{").replace("}}", "}")


def save_models(base):
    """Saves `demo` (two versions), `defaults` and an export; returns the configuration file."""
    base = Path(base)
    tiny_models.save_affine(base / "demo", 1)
    tiny_models.save_affine(base / "demo", 2)
    tiny_models.save_with_defaults(base / "defaults")
    export_model(make_linear(), base, "reid", ["sma"], LIMITS, version=1)
    names = {"demo": LABELLED, "defaults": "", "reid": "", "reid_encoded": ""}
    configs = [CONFIG.format(name=name, base=base, more=more) for name, more in names.items()]
    file = base / "models.config"
    file.write_text("model_config_list {" + "".join(configs) + "}", encoding="utf-8")
    return file
