"""Augmentation: nothing at strength 0, exact flips and quarter turns, each change against a loop over its formula."""

import math

import numpy as np
import pytest
import torch

from learning.data.augmentation import Augmentation, augment, move, rectangles


def images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


ALL = Augmentation(0.5, 30.0, 0.2, 0.1, 0.3, 0.4, 0.5, 0.3)


def test_strength_0_changes_nothing():
    x = images(4, 3, 9, 12)
    assert torch.equal(augment(x, Augmentation(), generator()), x)
    still = move(x, torch.zeros(4), torch.ones(4), torch.zeros(4, 2))
    torch.testing.assert_close(still, x, atol=1e-6, rtol=0)
    mean = images(3, 9, 12, seed=1)
    torch.testing.assert_close(augment(x, Augmentation(), generator(), mean), x, atol=1e-6, rtol=0)


def test_a_flip_is_exact_and_as_frequent_as_asked():
    x = images(6, 2, 5, 7)
    assert torch.equal(augment(x, Augmentation(flip=1.0), generator()), x.flip(3))
    many = images(1, 1, 1, 2).expand(4000, 1, 1, 2)
    flipped = (augment(many, Augmentation(flip=0.3), generator()) != many).flatten(1).any(1).float().mean()
    assert flipped.item() == pytest.approx(0.3, abs=5 * math.sqrt(0.21 / 4000))


@pytest.mark.parametrize("turns", [-1, 1, 2, 3])
@pytest.mark.parametrize("side", [8, 11])
def test_quarter_turns_are_rot90(turns, side):
    x = images(3, 2, side, side)
    turned = move(x, torch.full((3,), turns * math.pi / 2), torch.ones(3), torch.zeros(3, 2))
    torch.testing.assert_close(turned, torch.rot90(x, turns, (2, 3)), atol=1e-5, rtol=0)


def test_a_shift_by_whole_pixels_moves_to_the_right_and_down():
    x = images(1, 1, 6, 10)
    moved = move(x, torch.zeros(1), torch.ones(1), torch.tensor([[2 / 10, 1 / 6]]))
    torch.testing.assert_close(moved[:, :, 1:, 2:], x[:, :, :-1, :-2], atol=1e-5, rtol=0)
    torch.testing.assert_close(moved[:, :, 0, 2:], x[:, :, 0, :-2], atol=1e-5, rtol=0)  # the nearest pixel inside


def naive_move(image, angle, scale, shift):
    """x'(p) = x(c + R(−θ)·(p − c − t) / s), one pixel at a time, y counted upwards for the rotation."""
    height, width = image.shape
    result = np.zeros_like(image)
    for i, j in np.ndindex(height, width):
        right = j + 0.5 - width / 2 - shift[0] * width
        up = -(i + 0.5 - height / 2 - shift[1] * height)
        from_right = (math.cos(angle) * right + math.sin(angle) * up) / scale
        from_up = (-math.sin(angle) * right + math.cos(angle) * up) / scale
        y = min(max(-from_up + height / 2 - 0.5, 0), height - 1)
        x = min(max(from_right + width / 2 - 0.5, 0), width - 1)
        top, left = min(int(y), height - 2), min(int(x), width - 2)
        down, along = y - top, x - left
        upper = image[top, left] * (1 - along) + image[top, left + 1] * along
        lower = image[top + 1, left] * (1 - along) + image[top + 1, left + 1] * along
        result[i, j] = upper * (1 - down) + lower * down
    return result


def test_a_flip_comes_before_the_rest():
    x, some = images(4, 2, 6, 9), torch.tensor([True, False, True, False])
    angles, scales, shifts = torch.linspace(-1, 1, 4), torch.linspace(0.8, 1.2, 4), images(4, 2, seed=2) / 5
    first = torch.where(some[:, None, None, None], x.flip(3), x)
    moved = move(x, angles, scales, shifts, some)
    torch.testing.assert_close(moved, move(first, angles, scales, shifts), atol=1e-5, rtol=0)
    turned = augment(x, Augmentation(flip=1.0, rotation=1e-9), generator())
    torch.testing.assert_close(turned, x.flip(3), atol=1e-5, rtol=0)


def test_turning_scaling_and_moving_oblong_images_is_the_formula():
    x = images(3, 1, 7, 12).double()
    angles, scales = torch.tensor([0.3, -1.1, 2.5]).double(), torch.tensor([1.3, 0.7, 1.0]).double()
    shifts = torch.tensor([[0.1, -0.2], [0.0, 0.15], [-0.3, 0.0]]).double()
    moved = move(x, angles, scales, shifts).numpy()
    for row in range(3):
        expected = naive_move(x[row, 0].numpy(), angles[row].item(), scales[row].item(), shifts[row].numpy())
        np.testing.assert_allclose(moved[row, 0], expected, atol=1e-9)


def test_contrast_and_brightness_are_their_formula():
    x = images(50, 2, 4, 4)
    settings = Augmentation(brightness=0.3, contrast=0.5)
    draws = torch.rand(12, 50, generator=generator(3))
    changed = augment(x, settings, generator(3))
    for row in range(50):
        mean = x[row].mean()
        contrast = 1.5 ** (2 * draws[5, row] - 1)
        expected = mean + contrast * (x[row] - mean) + 0.3 * (2 * draws[6, row] - 1)
        torch.testing.assert_close(changed[row], expected, atol=1e-6, rtol=0)


def test_erased_rectangles_have_their_area_shape_and_frequency():
    draws = torch.rand(4, 3000, generator=generator())
    masks = rectangles(draws, 0.3, 40, 50)[:, 0]
    tall, wide = masks.any(2).sum(1), masks.any(1).sum(1)
    assert torch.equal(masks.sum((1, 2)), tall * wide)  # each is a full rectangle
    area = (0.02 + 0.28 * draws[0]) * 2000
    free = (tall < 40) & (wide < 50)
    assert free.float().mean() > 0.95
    assert ((tall * wide)[free] - area[free]).abs().max() < 0.5 * (tall + wide)[free].max() + 1
    ratio = (tall / wide).log()
    assert ratio.abs().max() < math.log(3.3) + 0.3
    assert abs(ratio.mean().item()) < 0.05
    # All places are used alike: the mean of the masks is the same left and right, above and below.
    heat = masks.float().mean(0)
    assert min(heat[0].max(), heat[-1].max(), heat[:, 0].max(), heat[:, -1].max()) > 0
    torch.testing.assert_close(heat.flip(0), heat, atol=0.05, rtol=0)
    torch.testing.assert_close(heat.flip(1), heat, atol=0.05, rtol=0)


def test_erased_pixels_take_the_images_mean_and_the_others_stay():
    x = images(400, 3, 12, 12)
    erased = augment(x, Augmentation(erasing=0.4, erased=0.5), generator())
    changed = (erased != x).any(1)
    assert changed.flatten(1).any(1).float().mean().item() == pytest.approx(0.4, abs=5 * math.sqrt(0.24 / 400))
    means = x.mean((1, 2, 3))[:, None, None, None].expand_as(x)
    where = changed[:, None].expand_as(x)
    assert torch.equal(erased[where], means[where])
    # The mean is that of the changed image.
    both = augment(x, Augmentation(brightness=0.4, erasing=1.0), generator(2))
    bright = augment(x, Augmentation(brightness=0.4), generator(2))
    where = (both != bright).any(1, keepdim=True).expand_as(x)
    means = bright.mean((1, 2, 3), keepdim=True).expand_as(x)
    torch.testing.assert_close(both[where], means[where], atol=1e-6, rtol=0)


def test_the_same_state_gives_the_same_batch_and_every_setting_draws_as_much():
    x = images(5, 1, 8, 8)
    state = torch.get_rng_state()
    source = generator(1)
    first, second = augment(x, ALL, source), augment(x, ALL, source)
    assert torch.equal(augment(x, ALL, generator(1)), first)
    assert not torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), state)
    one, other = generator(2), generator(2)
    augment(x, ALL, one)
    augment(x, Augmentation(), other)
    assert torch.equal(one.get_state(), other.get_state())
    assert torch.equal(x, images(5, 1, 8, 8))


def test_centred_images_are_changed_as_the_images_themselves():
    x, mean = images(6, 1, 10, 10), images(1, 10, 10, seed=5)
    expected = augment(x, ALL, generator(4)) - mean
    torch.testing.assert_close(augment(x - mean, ALL, generator(4), mean), expected, atol=1e-5, rtol=0)
    assert not torch.allclose(augment(x - mean, ALL, generator(4)), expected, atol=1e-2)


@pytest.mark.parametrize(
    ("strengths", "sentence"),
    [
        ({"flip": 1.5}, "Augmentation.flip must be a probability"),
        ({"rotation": -1.0}, "Augmentation.rotation must be 0 or more"),
        ({"erased": 1.0}, "Augmentation.erased must be in"),
    ],
)
def test_settings_out_of_range_are_refused(strengths, sentence):
    with pytest.raises(ValueError, match=sentence):
        Augmentation(**strengths)
