"""Packaging of keras_reid: library, trainers, export and serving."""

from setuptools import find_packages, setup

ENTRY_POINTS = {
    "trainers": [
        "train_embedder",
        "train_goat",
        "train_misrank",
        "evaluate",
        "attack",
        "evaluate_robustness",
        "evaluate_transfer",
        "report",
        "move_weights",
        "check_data",
        "make_people",
        "demo",
    ],
    "export": [
        "export_model",
        "check_parity",
        "validate",
        "bless",
        "publish",
        "list",
        "rollback",
        "prune",
        "bulk_embed",
    ],
    "serving": ["serve", "query", "configure", "compare"],
}

TESTING = [
    "pytest>=8",
    "pytest-xdist>=3.6",
    "pytest-timeout>=2.3",
    "hypothesis>=6.100",
    "trustme>=1.1",  # certificates that live as long as a test
    "kubernetes-validate>=1.30",  # the schemas of Kubernetes, without a cluster
    "check-jsonschema>=0.30",  # the schema of docker compose
]


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
    python_requires=">=3.10,<3.14",
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
    package_data={"serving.config": ["templates/*.*", "templates/*/*.*"]},
    # Wide enough for both stacks; what was tested together is in the two lock files.
    install_requires=[
        "tensorflow>=2.15.1,<2.22",
        "tensorflow-serving-api>=2.15.1,<2.22",
        "keras>=2.15,<4",
        "numpy>=1.26",
        "absl-py>=2.1",
        "grpcio>=1.62",
        "grpcio-health-checking>=1.62",
        "protobuf>=4.25",
        "Pillow>=10.3",
        "matplotlib>=3.8",
        "h5py>=3.11",
        "scipy>=1.11",
    ],
    extras_require={
        # The last release of TensorFlow Addons, and the last TensorFlow that it works with.
        "addons": [
            f"{requirement}; python_version < '3.12'"
            for requirement in (
                "tensorflow-addons==0.23.*",
                "tensorflow==2.15.*",
                "tensorflow-serving-api==2.15.*",
                "setuptools<81",  # TensorBoard 2.15 needs its pkg_resources
            )
        ],
        "gpu": ["tensorflow[and-cuda]>=2.15.1,<2.22"],
        "tensorboard": ["tensorboard>=2.15"],
        # To embed and attack data of any size. TFRecords need a checksum in C.
        "beam": ["apache-beam>=2.70", "pyarrow>=18", "google-crc32c>=1.5"],
        "faiss": ["faiss-cpu>=1.9"],  # galleries that NumPy ranks too slowly
        "test": TESTING,
        "dev": ["ruff>=0.6", *TESTING],
    },
    entry_points={"console_scripts": console_scripts()},
)
