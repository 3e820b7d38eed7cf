"""serving/ stands alone: its client needs neither TensorFlow nor the library."""

import subprocess
import sys
from pathlib import Path

import pytest

import serving

CLIENT_SIDE = [
    f"serving.{name}" for name in ("aio", "client", "faiss_index", "messages", "query", "tensors")
]
HEAVY = {"tensorflow", "keras", "tensorflow_serving", "keras_reid", "export", "trainers"}


@pytest.mark.parametrize("module", CLIENT_SIDE)
def test_the_client_imports_no_tensorflow(module):
    program = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert not HEAVY & set(run.stdout.split())


def test_no_module_of_serving_mentions_the_library():
    for path in Path(serving.__file__).parent.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.replace(".", " ").split()
            if words[:1] in (["import"], ["from"]):
                assert words[1] not in ("keras_reid", "export", "trainers"), f"{path}: {line}"
