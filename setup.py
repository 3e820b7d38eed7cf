"""Packaging of keras_reid: library, trainers, export and serving."""

from setuptools import find_packages, setup

ENTRY_POINTS = {
    "trainers": [
        "train_embedder",
        "train_goat",
        "evaluate",
        "attack",
        "report",
        "check_data",
        "make_people",
        "demo",
    ],
    "export": ["export_model", "check_parity"],
    "serving": ["serve", "query"],
}


def console_scripts():
    """`keras-reid-train-embedder` stands for `python -m trainers.train_embedder`, and so on."""
    return [
        f"keras-reid-{module.replace('_', '-')} = {package}.{module}:cli"
        for package, modules in ENTRY_POINTS.items()
        for module in modules
    ]


setup(
    name="keras_reid",
    version="0.1.0",
    description="Attack, defend, measure and serve person re-identification models.",
    long_description=open("README.md", encoding="utf-8").read(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=find_packages(
        include=[
            "keras_reid",
            "keras_reid.*",
            "trainers",
            "trainers.*",
            "export",
            "export.*",
            "serving",
            "serving.*",
        ]
    ),
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "tensorflow-serving-api>=2.21,<2.22",
        "keras>=3.12,<4",
        "numpy>=1.26",
        "absl-py>=2.1",
        "grpcio>=1.66",
        "grpcio-health-checking>=1.66",
        "protobuf>=5.28",
        "Pillow>=10.3",
        "matplotlib>=3.8",
        "h5py>=3.11",
        "scipy>=1.11",
    ],
    extras_require={
        "gpu": ["tensorflow[and-cuda]>=2.21,<2.22"],
        "tensorboard": ["tensorboard>=2.20"],
        "test": ["pytest>=8", "pytest-xdist>=3.6", "pytest-timeout>=2.3", "hypothesis>=6.100"],
        "dev": [
            "ruff>=0.6",
            "pytest>=8",
            "pytest-xdist>=3.6",
            "pytest-timeout>=2.3",
            "hypothesis>=6.100",
        ],
    },
    entry_points={"console_scripts": console_scripts()},
)
