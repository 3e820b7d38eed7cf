import numpy as np
import pytest
import tensorflow as tf

from keras_reid.data.augment import (
    NO_AUGMENTATION,
    NOISE,
    Augmentation,
    Draws,
    apply,
    augment,
    draw,
)
from keras_reid.errors import ReIDError

HEIGHT, WIDTH = 32, 16
# Many seeds at once are slow to draw for eagerly.
draw = tf.function(draw)


def some_images(count, seed=0):
    return np.random.default_rng(seed).random((count, HEIGHT, WIDTH, 3), np.float32)


def some_seeds(count):
    return np.array([[5, place] for place in range(count)], np.int64)


def oracle(image, place, draws, augmentation):
    """One image, pixel by pixel, given what was drawn."""
    pad = augmentation.pad
    padded = np.pad(image, [(pad, pad), (pad, pad), (0, 0)])
    top, left = draws.top[place], draws.left[place]
    result = padded[top : top + HEIGHT, left : left + WIDTH].copy()
    if draws.flip[place]:
        result = result[:, ::-1].copy()
    for row in range(draws.box_height[place]):
        for column in range(draws.box_width[place]):
            y, x = draws.box_top[place] + row, draws.box_left[place] + column
            noise = draws.noise is not None
            result[y, x] = draws.noise[place, y, x] if noise else augmentation.erase_value
    return result


@pytest.mark.parametrize(
    "augmentation",
    [
        Augmentation(),
        Augmentation(erase_with=NOISE, erase_probability=1.0),
        Augmentation(pad=0, flip_probability=1.0, erase_probability=0.0),
        Augmentation(pad=3, flip_probability=0.0, erase_probability=1.0, erase_value=(0, 0.5, 1)),
    ],
    ids=["usual", "noise", "flip_only", "crop_and_erase"],
)
def test_every_image_is_what_was_drawn_for_it(augmentation):
    images, seeds = some_images(40), some_seeds(40)
    draws = draw(seeds, (HEIGHT, WIDTH), augmentation)
    draws = Draws(*[None if field is None else field.numpy() for field in draws])
    result = augment(images, seeds, augmentation).numpy()
    for place, image in enumerate(images):
        np.testing.assert_array_equal(result[place], oracle(image, place, draws, augmentation))


def test_boxes_lie_inside_and_have_the_area_and_aspect_asked_for():
    augmentation = Augmentation(erase_probability=1.0)
    draws = draw(some_seeds(500), (256, 128), augmentation)
    height, width = draws.box_height.numpy(), draws.box_width.numpy()
    assert (height > 0).all() and (width > 0).all()
    assert (draws.box_top.numpy() >= 0).all() and (draws.box_top.numpy() + height <= 256).all()
    assert (draws.box_left.numpy() >= 0).all() and (draws.box_left.numpy() + width <= 128).all()
    # Both sides were rounded to whole pixels: half a pixel of slack on each.
    assert ((height + 0.5) * (width + 0.5) >= 0.02 * 256 * 128).all()
    assert ((height - 0.5) * (width - 0.5) <= 0.4 * 256 * 128).all()
    assert ((height + 0.5) / (width - 0.5) >= 0.3).all()
    assert ((height - 0.5) / (width + 0.5) <= 1 / 0.3).all()


def test_draws_cover_their_ranges_at_the_asked_rates():
    augmentation = Augmentation(flip_probability=0.3, erase_probability=0.6)
    draws = draw(some_seeds(2000), (HEIGHT, WIDTH), augmentation)
    assert set(draws.top.numpy()) == set(draws.left.numpy()) == set(range(21))
    # Standard deviation of a rate over 2000 draws: 0.011.
    assert draws.flip.numpy().mean() == pytest.approx(0.3, abs=0.05)
    assert (draws.box_height.numpy() > 0).mean() == pytest.approx(0.6, abs=0.05)
    assert np.corrcoef(draws.top, draws.left)[0, 1] == pytest.approx(0, abs=0.1)


def test_noise_is_uniform_in_pixel_space_and_its_own_for_every_image():
    noise = draw(some_seeds(8), (HEIGHT, WIDTH), Augmentation(erase_with=NOISE)).noise.numpy()
    assert noise.min() >= 0 and noise.max() < 1
    assert noise.mean() == pytest.approx(0.5, abs=0.02)
    assert len({field.tobytes() for field in noise}) == 8


@pytest.mark.parametrize("erase_with", ["constant", NOISE])
def test_an_image_depends_on_its_own_seed_alone(erase_with):
    augmentation = Augmentation(erase_with=erase_with)
    images, seeds = some_images(12), some_seeds(12)
    together = augment(images, seeds, augmentation).numpy()
    for place in (0, 5, 11):
        alone = augment(images[place : place + 1], seeds[place : place + 1], augmentation)
        np.testing.assert_array_equal(alone[0], together[place])
    order = np.random.default_rng(1).permutation(12)
    np.testing.assert_array_equal(
        augment(images[order], seeds[order], augmentation), together[order]
    )


def test_graph_equals_eager():
    images, seeds = some_images(6), some_seeds(6)
    traced = tf.function(lambda i, s: augment(i, s, Augmentation()))
    np.testing.assert_array_equal(traced(images, seeds), augment(images, seeds, Augmentation()))


def test_int32_seeds_are_seeds_too():
    images = some_images(3)
    result = augment(images, some_seeds(3).astype(np.int32), Augmentation(erase_with=NOISE))
    assert result.shape == images.shape


def test_no_augmentation_changes_nothing():
    images = some_images(5)
    np.testing.assert_array_equal(augment(images, some_seeds(5), NO_AUGMENTATION), images)


def test_a_box_that_never_fits_leaves_the_image_whole():
    # Half the area at 30 : 1 is higher than the image, whatever is drawn.
    impossible = Augmentation(erase_probability=1, erase_area=(0.5, 0.5), erase_aspect=(30, 30))
    draws = draw(some_seeds(20), (HEIGHT, WIDTH), impossible)
    assert (draws.box_height.numpy() == 0).all()
    assert apply(some_images(20), draws, impossible).shape == (20, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"pad": -1}, "pads by -1"),
        ({"flip_probability": 1.5}, "flip_probability is 1.5"),
        ({"erase_probability": -0.1}, "erase_probability is -0.1"),
        ({"erase_area": (0.4, 0.02)}, "erase_area"),
        ({"erase_aspect": (0, 1)}, "erase_aspect"),
        ({"erase_with": "black"}, "erase_with is 'black'"),
    ],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(ReIDError, match=sentence):
        Augmentation(**settings)
