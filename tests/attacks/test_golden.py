"""Equal to the released reference implementation, where that one is right."""

import numpy as np
import pytest

from keras_reid.attacks import Guides, furthest_identities, furthest_negative_guides, make_attack
from tests.attacks.embedders import EPSILON, GOLDEN, IMAGES, PIDS, embed

SINGLE = Guides(push=GOLDEN["single_guides"][:, None])
MULTI = Guides(push=GOLDEN["fna_guides"][:, :-1])
FNA = Guides(push=GOLDEN["fna_guides"][:, :-1], pull=GOLDEN["fna_guides"][:, -1:])
PULL = Guides(pull=GOLDEN["fna_guides"][:, -1:])

CASES = [
    ("fgsm_single", "fgsm", {}, SINGLE),
    ("fgsm_multi", "fgsm", {}, MULTI),
    ("ifgsm_single", "ifgsm", {}, SINGLE),
    ("ifgsm_multi", "ifgsm", {}, MULTI),
    ("mifgsm_single", "mifgsm", {}, SINGLE),
    ("mifgsm_multi", "mifgsm", {}, MULTI),
    ("fna", "fna", {}, FNA),
    ("fna_pull", "fna", {}, PULL),
    ("sma", "sma", {}, None),
    ("odfa", "odfa", {"preset": "reference"}, None),
]


def check(key, attack, guides):
    start = GOLDEN["sma_initial_perturbation"] if key == "sma" else None
    adversarial = attack(embed, IMAGES, guides, epsilon=EPSILON, initial_perturbation=start).numpy()
    assert np.mean(np.abs(adversarial - GOLDEN[f"{key}_adversarial"]) < 1e-4) >= 0.995
    objective = attack.objective(embed, IMAGES, guides)(adversarial).numpy().sum()
    assert objective == pytest.approx(float(GOLDEN[f"{key}_objective"]), rel=1e-3)


def test_the_embedder_is_the_golden_one():
    np.testing.assert_allclose(embed(IMAGES), GOLDEN["embeddings"], atol=1e-5)


@pytest.mark.parametrize("key,name,settings,guides", CASES, ids=[case[0] for case in CASES])
def test_attack_equals_the_reference(key, name, settings, guides):
    check(key, make_attack(name, **settings), guides)


def test_furthest_identity_equals_the_reference():
    furthest = furthest_identities(GOLDEN["embeddings"], PIDS)
    np.testing.assert_array_equal(furthest, GOLDEN["furthest_pid"] + 1)


def test_reference_guides_made_from_embeddings_give_the_reference_attack():
    guides = furthest_negative_guides(GOLDEN["embeddings"], PIDS, preset="reference")
    attack = make_attack("fna")
    adversarial = attack(embed, IMAGES, guides, epsilon=EPSILON).numpy()
    assert np.mean(np.abs(adversarial - GOLDEN["fna_adversarial"]) < 1e-4) >= 0.995
    # The merged guides drop a constant of the objective, so it is measured with the full ones.
    objective = attack.objective(embed, IMAGES, FNA)(adversarial).numpy().sum()
    assert objective == pytest.approx(float(GOLDEN["fna_objective"]), rel=1e-3)
