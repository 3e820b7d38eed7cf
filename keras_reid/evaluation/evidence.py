"""What an evaluation found, as the checks want it: arrays and figures, no files and no words."""

import dataclasses

import numpy as np

from keras_reid.models.loaded import LoadedModel


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One attack at one epsilon from one seed, measured.

    attack: name of `ATTACKS`, `NOISES` or `BLACK_BOX`, or "misrank".
    epsilon_255, step_size_255: in 1/255. steps: of the loop.
    attacked: "query" or "gallery". guide_source: "query", "gallery", "train", or "none" where the
      attack takes no guides of the data set.
    reaches_the_edge: whether the steps could reach the edge of the ball.
    figures: mean_ap, rank1, rank5, rank10, mean_inp as floats in [0, 1].
    average_precision: [Q] in [0, 1], NaN where a query has no valid match.
    first_hit: [Q], rank of the first true match, counted from 1; NaN as above.
    displacement: [M], how far the embedding of each attacked image moved.
    linf_255, mean_l2, changed, ssim: measured on the uint8 output.
    zero_gradient: images whose input gradient at the start is zero everywhere; -1 where none is
      used (noise, black box, misrank, epsilon 0).
    still: images that did not move. fallbacks: images without guides, attacked with sma instead.
    extra: what sets the row apart, for instance {"steps_doubled": True}.
    """

    attack: str
    epsilon_255: float
    attacked: str
    guide_source: str
    seed: int
    steps: int
    step_size_255: float
    reaches_the_edge: bool
    figures: dict
    average_precision: np.ndarray
    first_hit: np.ndarray
    displacement: np.ndarray
    linf_255: int
    mean_l2: float
    changed: float
    ssim: float
    zero_gradient: int
    still: int
    fallbacks: int
    seconds: float
    extra: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that the checks look at.

    model: the victim. pixels: uint8 [n <= 32, H, W, 3], a sample of the attacked side (pids > 0);
      sample_pids: [n].
    threat_model: as in results.json. clean, chance: figures without attack and of a random ranking.
    rows: the victim under the grid, noises included, every seed.
    twin: the undefended twin under the same settings, or None; twin_clean: its clean figures.
    transfer: adversarial images made on a surrogate, measured on the victim.
    black_box: SPSA and NES on a subset of the queries; white_box_subset, noise_subset: gradients
      and noise on the same.
    query_pids: [Q] of the rows; None takes each query for a person of its own.
    trained_with: attack that the victim was trained against, "nothing", or None where unknown.
    command: what reproduces it, where known.
    """

    model: LoadedModel
    pixels: np.ndarray
    sample_pids: np.ndarray
    threat_model: dict
    clean: dict
    chance: dict
    rows: list[Row]
    twin: list[Row] | None = None
    twin_clean: dict | None = None
    transfer: list[Row] = dataclasses.field(default_factory=list)
    black_box: list[Row] = dataclasses.field(default_factory=list)
    white_box_subset: list[Row] = dataclasses.field(default_factory=list)
    noise_subset: list[Row] = dataclasses.field(default_factory=list)
    query_pids: np.ndarray | None = None
    trained_with: str | None = None
    command: str | None = None
