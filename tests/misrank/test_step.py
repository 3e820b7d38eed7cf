"""The two steps: who is updated, who never is, and what they are told to minimise."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_reid import compat
from keras_reid.errors import ReIDError
from keras_reid.misrank import RELEASED, MisrankObjective, MisrankStep, Victim
from keras_reid.misrank.partners import partners
from keras_reid.misrank.step import discriminator_variables, generator_variables
from keras_reid.misrank.victim_distance import differentiable_distance
from tests.misrank.models import PIXELS, TinyVictim, images, make_model

PIDS = tf.constant([7, 7, 8, 8, 9, 9])


def make_step(victim, objective=None, model=None, rate=1e-3, **how):
    model = make_model(num_pixels=60) if model is None else model
    optimizers = [keras.optimizers.Adam(rate, beta_1=0.5) for _ in range(2)]
    compat.build_optimizer(optimizers[0], generator_variables(model, **how))
    compat.build_optimizer(optimizers[1], discriminator_variables(model))
    return MisrankStep(
        model, victim, objective or MisrankObjective(), generator_optimizer=optimizers[0],
        discriminator_optimizer=optimizers[1], **how,
    )  # fmt: skip


def moved(model, before):
    """The parts of the model in which some trainable variable has changed."""
    parts = {"generator": model.generator, "trunks": model.trunks, "head": model.mask_head}
    return {
        name
        for name, part in parts.items()
        if any(
            np.abs(np.array(now) - old).max() > 0
            for now, old in zip(part.trainable_variables, before[name], strict=True)
        )
    }


def weights(model):
    return {
        name: [np.array(variable) for variable in part.trainable_variables]
        for name, part in (
            ("generator", model.generator), ("trunks", model.trunks), ("head", model.mask_head)
        )
    }  # fmt: skip


def test_each_step_updates_its_own_part_and_never_the_victim():
    tiny = TinyVictim()
    step = make_step(tiny.victim)
    victim_before = tiny.network.get_weights()
    before = weights(step.model)
    u = np.array(step.model.trunks.get_layer("scale0_conv0").u)
    adversarial, values = step.generator_step(images(), PIDS, 60)
    assert moved(step.model, before) == {"generator", "head"}
    np.testing.assert_array_equal(step.model.trunks.get_layer("scale0_conv0").u, u)
    before = weights(step.model)
    step.discriminator_step(images(), adversarial, PIDS)
    assert moved(step.model, before) == {"trunks"}
    assert np.abs(np.array(step.model.trunks.get_layer("scale0_conv0").u) - u).max() > 0
    for one, other in zip(tiny.network.get_weights(), victim_before, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(np.isfinite(float(value)) for value in values.values())
    assert float(values["changed"]) == pytest.approx(60 / PIXELS)


def test_the_released_mask_head_never_learns_and_tau_learns_on_request():
    tiny = TinyVictim()
    step = make_step(tiny.victim, head="frozen")
    before = weights(step.model)
    step(images(), PIDS, 60)
    assert moved(step.model, before) == {"generator", "trunks"}
    for temperature, changes in (("fixed", False), ("learnable", True)):
        step = make_step(tiny.victim, temperature=temperature)
        tau = float(tf.convert_to_tensor(step.model.log_tau))
        uniform = tf.random.stateless_uniform([6, PIXELS], [1, 2])
        step(images(), PIDS, 60, uniform=uniform)
        assert (float(tf.convert_to_tensor(step.model.log_tau)) != tau) == changes


def says(gan, scores, real):
    """The GAN's loss of scores [N, h, w, 1] of each scale, in NumPy: [N]."""
    found = []
    for score in scores:
        score = np.array(score, np.float64)
        each = -np.log(1 / (1 + np.exp(-score if real else score)))
        if gan == "least_squares":
            each = (score - real) ** 2
        found.append(each.mean(axis=(1, 2, 3)))
    return sum(found)


@pytest.mark.parametrize("gan", ["log", "least_squares"])
@pytest.mark.parametrize("which", ["all", "smallest"])
def test_both_networks_are_told_what_the_gan_says(gan, which):
    objective = MisrankObjective(gan=gan, scored=which, perception_weight=0.0, xent_weight=0.0)
    step = make_step(TinyVictim().victim, objective)
    trunks, clean = step.model.trunks, images()
    generator, before = step.model.generator, step.model.generator.get_weights()
    attacked = step.model.perturbed(clean, step.model.epsilon, 60, training=True)[0]
    generator.set_weights(before)  # the power iteration has moved on

    def scores(first, second, training):
        outputs = trunks(tf.concat([first, second], axis=-1), training=training)
        return [outputs[f"score{scale}"] for scale in ((0, 1, 2) if which == "all" else (2,))]

    # The generator wants its fakes taken for real, by trunks that do not learn meanwhile.
    told = says(gan, scores(clean, attacked, False), True).mean()
    before = trunks.get_weights()
    adversarial, values = step.generator_step(clean, PIDS, 60)
    np.testing.assert_allclose(adversarial, attacked, atol=1e-6)
    assert float(values["gan"]) == pytest.approx(told, rel=1e-4)
    # The discriminator: two kinds of real pairs, half the weight each, against fakes, in one batch.
    same, other = (tf.gather(clean, places) for places in partners(PIDS))
    seen = scores(tf.tile(clean, [3, 1, 1, 1]), tf.concat([same, other, attacked], 0), True)
    trunks.set_weights(before)
    parts = list(zip(*(np.split(np.array(score), 3) for score in seen), strict=True))
    real = (says(gan, parts[0], True) + says(gan, parts[1], True)) / 2
    loss = step.discriminator_step(clean, adversarial, PIDS)
    assert float(loss) == pytest.approx((real + says(gan, parts[2], False)).mean(), rel=1e-4)


@pytest.mark.parametrize(
    ("term", "other"), [("misclassification", "rank_weight"), ("misranking", "xent_weight")]
)
def test_training_lowers_the_loss_that_it_is_told_to(term, other):
    objective = MisrankObjective(perception_weight=0.0, gan_weight=0.0, **{other: 0.0})
    step = make_step(TinyVictim().victim, objective, make_model(epsilon=0.2), rate=5e-3)
    graph = tf.function(lambda: step(images(), PIDS, 0, classes=PIDS - 7))
    first = {name: float(value) for name, value in graph().items()}
    steps = [{name: float(value) for name, value in graph().items()} for _ in range(40)]
    assert min(found[term] for found in steps) < first[term] - 0.02
    assert steps[-1]["ms_ssim"] < first["ms_ssim"]


class TestObjective:
    def test_the_total_is_the_weighted_sum(self):
        objective = MisrankObjective(
            gan_weight=2.0, xent_weight=3.0, rank_weight=5.0, perception_weight=7.0
        )
        terms = {"gan": 1.0, "misclassification": 1.0, "misranking": 1.0, "ms_ssim": 0.0}
        assert objective.total(terms) == 17.0
        values = make_step(TinyVictim().victim, objective)(images(), PIDS, 0)
        assert float(values["loss"]) == pytest.approx(float(objective.total(values)), rel=1e-5)

    def test_embeddings_are_divided_by_the_mean_clean_length(self):
        clean, attacked = np.random.default_rng(0).normal(size=[2, 6, 4]).astype(np.float32)
        objective = MisrankObjective(xent_weight=0.0)
        found = [
            float(objective.of_victim((c, None), (a, None), PIDS, None)["misranking"])
            for c, a in [(clean, attacked), (10 * clean, 10 * attacked)]
        ]
        assert found[0] == pytest.approx(found[1], rel=1e-4)

    def test_a_distance_of_the_victims_own_is_used(self):
        clean = (tf.random.stateless_normal([6, 4], [0, 1]), None)
        objective = MisrankObjective(xent_weight=0.0)

        def constant(a, b):
            return tf.fill([len(a), len(b)], 0.25)

        found = objective.of_victim(clean, clean, PIDS, None, constant)
        assert float(found["misranking"]) == pytest.approx(0.3)  # farthest - nearest + margin

    @pytest.mark.parametrize("other", ["adversarial", "clean"])
    def test_a_distance_of_the_victims_own_keeps_its_order(self, other):
        distance = differentiable_distance("aligned:2x4")
        # Long features: scaled down before tanh, near and far stripes would trade places.
        clean, attacked = 3 * np.random.default_rng(1).normal(size=[2, 6, 12]).astype(np.float32)
        objective = MisrankObjective(xent_weight=0.0, other=other)
        found = objective.of_victim((clean, None), (attacked, None), PIDS, None, distance)
        among = clean if other == "clean" else attacked
        table, own = np.array(distance(attacked, among)), np.array(distance(clean, clean))
        typical = own[~np.eye(6, dtype=bool)].mean()
        losses = []
        for row, pid in enumerate(PIDS.numpy()):
            far = max(table[row, c] for c in range(6) if PIDS[c] != pid)
            near = min(table[row, c] for c in range(6) if PIDS[c] == pid and c != row)
            losses.append(max(0.0, (far - near) / typical + 0.3))
        assert float(found["misranking"]) == pytest.approx(np.mean(losses), rel=1e-4)

    def test_clean_images_can_be_ranked_among(self):
        clean, attacked = tf.eye(6), tf.zeros([6, 6])
        objective = MisrankObjective(xent_weight=0.0, scaling="none", other="clean", margin=0.5)
        found = objective.of_victim((clean, None), (attacked, None), PIDS, None)
        assert float(found["misranking"]) == pytest.approx(0.5)  # every clean image is 1 away

    def test_the_released_form_is_finite_where_the_loss_is_zero(self):
        objective = MisrankObjective(**{**RELEASED, "xent_weight": 0.0, "margin": 0.0})
        embeddings = tf.Variable(tf.zeros([6, 4]))
        with tf.GradientTape() as tape:
            found = objective.of_victim((embeddings, None), (embeddings, None), PIDS, None)
        assert float(found["misranking"]) == pytest.approx(np.log(1e-6), rel=1e-3)
        assert np.isfinite(tape.gradient(found["misranking"], embeddings)).all()

    @pytest.mark.parametrize(
        "settings",
        [{"gan": "hinge"}, {"rank_weight": -1.0}, {"smoothing": 1.0}, {"scaling": "batch"}],
    )
    def test_wrong_settings_get_a_sentence(self, settings):
        with pytest.raises(ReIDError, match=next(iter(settings))):
            MisrankObjective(**settings)


def test_partners_are_of_the_same_and_of_another_person():
    same, other = partners(tf.constant([4, 4, 4, 6, 5, 5]))
    # 6 is alone: its partner is itself.
    np.testing.assert_array_equal(same, [1, 2, 0, 3, 5, 4])
    np.testing.assert_array_equal(other, [3, 3, 3, 4, 0, 0])


def test_a_batch_of_one_person_gets_a_sentence():
    step = make_step(TinyVictim().victim)
    with pytest.raises(ReIDError, match="1 person.*at least two"):
        step(images(), tf.zeros([6], tf.int32), 0)


def test_a_victim_without_classes_cannot_misclassify():
    def embed(batch):
        return tf.reduce_mean(batch, axis=[1, 2]), None

    with pytest.raises(ReIDError, match="xent_weight to 0"):
        make_step(Victim(outputs=embed))
    values = make_step(Victim(outputs=embed), MisrankObjective(xent_weight=0.0))(images(), PIDS, 0)
    assert "misclassification" not in values and np.isfinite(float(values["loss"]))
