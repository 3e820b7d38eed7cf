"""Defences: guides sampled from the training set, the attack inside the step, what it trains on."""

from keras_reid.defenses.consistency import embedding_consistency
from keras_reid.defenses.crafting import Crafting
from keras_reid.defenses.guide_batches import GuideBatches, check_guide_counts, short_of_pushes
from keras_reid.defenses.guiding import PULL_SOURCES, Guiding, view_weights
from keras_reid.defenses.inner_attack import EPS_SPACES, InnerAttack, make_inner_attack
from keras_reid.defenses.memory_bank import MemoryBank
from keras_reid.defenses.mixing import adversarial_count, adversarial_rows, mix
from keras_reid.defenses.passes import BATCH_NORMS, attack_passes

__all__ = [
    "BATCH_NORMS",
    "EPS_SPACES",
    "PULL_SOURCES",
    "Crafting",
    "GuideBatches",
    "Guiding",
    "InnerAttack",
    "MemoryBank",
    "adversarial_count",
    "adversarial_rows",
    "attack_passes",
    "check_guide_counts",
    "embedding_consistency",
    "make_inner_attack",
    "mix",
    "short_of_pushes",
    "view_weights",
]
