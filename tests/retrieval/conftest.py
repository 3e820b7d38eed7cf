from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def golden():
    with np.load(Path(__file__).parents[1] / "golden" / "retrieval.npz") as arrays:
        return dict(arrays)
