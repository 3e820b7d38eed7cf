"""Seeds: equal ones give equal weights, bad ones are refused."""

import numpy as np
import pytest

from keras_reid.errors import ReIDError
from keras_reid.models import build_reid_model, fingerprint
from keras_reid.runs.determinism import seed_everything


def test_same_seed_same_weights_and_numbers():
    drawn = []
    for seed in (1, 1, 2):
        seed_everything(seed)
        model = build_reid_model("small", (32, 16))
        drawn.append((fingerprint(model.get_weights()), np.random.rand()))
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_seed_out_of_range(seed):
    with pytest.raises(ReIDError, match="the seed must lie between"):
        seed_everything(seed)
