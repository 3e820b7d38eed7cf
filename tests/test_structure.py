"""The house keeps its shape: who may import whom, and where flags may be defined."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("keras_reid", "trainers", "export", "serving", "benchmarks")
EVERYBODY = {"keras_reid.compat", "keras_reid.errors", "keras_reid.files", "keras_reid"}

# room -> rooms that it may import, besides itself and EVERYBODY
FOUNDATION = {"data", "models", "losses", "retrieval"}
ROOMS = {
    "data": set(),
    "models": set(),
    "losses": set(),
    "retrieval": set(),
    "runs": set(),
    "attacks": FOUNDATION,
    "defenses": FOUNDATION | {"attacks"},
    "misrank": FOUNDATION | {"attacks"},
    "evaluation": FOUNDATION | {"attacks", "defenses", "misrank", "runs"},
    "reports": FOUNDATION | {"attacks", "defenses", "misrank", "evaluation", "runs"},
}
PACKAGE_ARROWS = {
    "trainers": ("keras_reid",),
    # What bulk work refuses is what the client refuses: the same checks, not a second copy of them.
    "export": (
        "keras_reid",
        "serving.contract",
        "serving.client",
        "serving.credential_flags",  # the same flags for every command that calls a server
        "serving.errors",
        "serving.attack_inputs",
        "serving.description",
    ),
    "serving": ("serving",),
    "keras_reid": ("keras_reid",),
}
# The client side of serving has to work where TensorFlow is not installed.
NO_TENSORFLOW = (
    "aio", "client", "query", "configure", "compare", "contract", "errors", "entry", "messages",
    "tensors",
)  # fmt: skip


def sources(package):
    return sorted((ROOT / package).rglob("*.py"))


def imports(path):
    """Every module that a file imports, anywhere in it, as dotted names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def ours(names):
    return {name for name in names if name.split(".")[0] in PACKAGES}


def below(name, module):
    return name == module or name.startswith(module + ".")


@pytest.mark.parametrize("package", PACKAGE_ARROWS)
def test_packages_import_along_the_arrows(package):
    wrong = []
    for path in sources(package):
        for name in ours(imports(path)):
            allowed = (package, *PACKAGE_ARROWS[package])
            # `from serving import contract` names serving, too.
            whole = any(below(target, name) for target in allowed)
            if not whole and not any(below(name, target) for target in allowed):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_rooms_of_the_library_import_left_to_right():
    wrong, seen = [], set()
    for path in sources("keras_reid"):
        parts = path.relative_to(ROOT / "keras_reid").parts
        if len(parts) == 1:
            continue
        seen.add(parts[0])
        for name in ours(imports(path)) - EVERYBODY:
            if any(below(name, free) for free in EVERYBODY - {"keras_reid"}):
                continue
            room = name.split(".")[1]
            if room == "__version__":
                continue
            if room != parts[0] and room not in ROOMS[parts[0]]:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong
    assert seen <= set(ROOMS)


def test_the_library_knows_no_flags_no_grpc_and_does_not_print():
    wrong = []
    for path in sources("keras_reid"):
        names = imports(path)
        if path.name != "entry.py":
            wrong += [f"{path}: {name}" for name in names if below(name, "absl")]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
                if called and node.func.id == "print":
                    wrong.append(f"{path}:{node.lineno} prints")
        wrong += [f"{path}: {name}" for name in names if below(name, "grpc")]
    assert not wrong


def test_the_client_side_imports_no_tensorflow():
    for name in NO_TENSORFLOW:
        found = imports(ROOT / "serving" / f"{name}.py")
        assert not [x for x in found if x.split(".")[0] in ("tensorflow", "keras")], name


# Asking which stack this is, or using what only one of the two has, instead of compat.
ONE_STACK = re.compile(
    r"(keras|tf|tensorflow)\.__version__|tf\.version\b|version_info|except ImportError|"
    r"(hasattr|getattr)\((keras|tf|optimizer)\b|keras\.(ops|random|src)\b|"
    r"from keras import|datetime\.UTC|import tomllib|StrEnum"
)


def test_one_file_knows_the_difference_between_the_stacks():
    asking = []
    for package in (*PACKAGES, "tests"):
        for path in sources(package):
            # The last writes a broken tensorflow_addons, to see what is said of it.
            if path.name in ("compat.py", "test_structure.py", "test_plugins.py"):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if ONE_STACK.search(line):
                    asking.append(f"{path.relative_to(ROOT)}:{number} {line.strip()}")
    assert not asking


def test_every_package_is_installed_by_setup():
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    for package in ("keras_reid", "trainers", "export", "serving"):
        assert f'"{package}"' in text
        for folder in {path.parent for path in sources(package)}:
            assert (folder / "__init__.py").exists(), folder


def test_every_relative_link_of_the_documents_leads_somewhere():
    missing = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                missing.append(f"{path.relative_to(ROOT)}: {target}")
    assert not missing


def test_no_machine_path_and_no_index_address_is_committed():
    for name in (
        "requirements.lock",
        "requirements-addons.lock",
        "requirements-beam.lock",
        "Makefile",
        "setup.py",
        "pyproject.toml",
        ".ci/run",
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text and "--index-url" not in text and "/home/" not in text, name
