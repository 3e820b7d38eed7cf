"""After `pip install .` the packages import and the console scripts exist."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_holds_every_package_and_console_script(tmp_path):
    source = tmp_path / "source"
    skip = shutil.ignore_patterns(".git", ".venv*", "runs", "tests", "__pycache__", "*.egg-info")
    # In a copy, because building writes into the tree; "runs" is a package too, so it goes by hand.
    shutil.copytree(ROOT, source, ignore=skip)
    shutil.copytree(ROOT / "keras_reid" / "runs", source / "keras_reid" / "runs")
    target = tmp_path / "installed"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
         "--target", str(target), str(source)],
        check=True, capture_output=True, cwd=tmp_path,
    )  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(target), "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = (
        "import keras_reid, trainers, export, serving.client;"
        "print(keras_reid.__file__, serving.client.__file__)"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path,
        env=environment,
    ).stdout  # fmt: skip
    assert told.count(str(target)) == 2
    scripts = {path.name for path in (target / "bin").iterdir()}
    for package, modules in _entry_points((ROOT / "setup.py").read_text()).items():
        for module in modules:
            assert f"keras-reid-{module.replace('_', '-')}" in scripts
            assert (target / package / f"{module}.py").exists()
    assert (target / "serving/config/templates/server/models.config").exists()
    helped = subprocess.run(
        [str(target / "bin" / "keras-reid-query"), "--help"], capture_output=True, text=True,
        cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert "--server" in helped.stdout


def _entry_points(text):
    """ENTRY_POINTS of setup.py: {package: [modules]}, without running it."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "ENTRY_POINTS":
            return ast.literal_eval(node.value)
    raise AssertionError("setup.py has no ENTRY_POINTS")
