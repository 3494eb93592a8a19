"""Cheap dropout must be the real thing: right rate and scale, independent masks, the gradient of the plain formula."""

import pytest
import torch
from torch.nn.functional import elu

from learning.embedding.dropout import Dropout, elu_dropout
from learning.embedding.layers import Decoder, Encoder

CPU = torch.device("cpu")


def dropout(rate=0.1, seed=0):
    return Dropout(rate, torch.Generator().manual_seed(seed), seed + 1, CPU)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.02])
def test_units_are_dropped_at_the_rate_and_scaled_by_its_complement(rate):
    source = dropout(rate)
    mask = torch.cat([source.mask(300, 1000) for _ in range(10)])
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    deviation = (rate * (1 - rate) / mask.numel()) ** 0.5
    assert 1 - mask.mean().item() == pytest.approx(rate, abs=5 * deviation + 1e-5)
    assert source.scale == pytest.approx(1 / (1 - rate), rel=2e-5)
    # Every row and every column, not only the whole, has the rate.
    assert (1 - mask.mean(1)).max() < rate + 6 * (rate * (1 - rate) / 1000) ** 0.5
    assert (1 - mask.mean(0)).max() < rate + 6 * (rate * (1 - rate) / 3000) ** 0.5


def test_masks_of_different_steps_and_units_are_uncorrelated():
    source = dropout(0.5)
    masks = torch.stack([source.mask(50, 400).flatten() for _ in range(40)]) * 2 - 1  # (steps, units), mean 0
    steps = masks @ masks.t() / masks.shape[1]
    assert (steps - torch.eye(40)).abs().max() < 6 / masks.shape[1] ** 0.5
    neighbours = (masks[:, 1:] * masks[:, :-1]).mean()
    assert abs(neighbours.item()) < 6 / masks.numel() ** 0.5


def test_a_generator_that_is_put_back_gives_the_same_masks():
    generator = torch.Generator().manual_seed(3)
    source = Dropout(0.1, generator, 1, CPU)
    source.mask(10, 10)
    state = generator.get_state()
    first = source.mask(40, 50)
    generator.set_state(state)
    assert torch.equal(source.mask(40, 50), first)


def test_a_mask_larger_than_one_stretch_of_the_pool_is_filled_to_the_end():
    mask = dropout(0.5).mask(3, 1_000_000)
    assert mask.shape == (3, 1_000_000)
    assert mask[-1, -1000:].mean().item() == pytest.approx(0.5, abs=0.1)


def test_elu_and_dropout_equal_the_plain_formula_and_its_gradient():
    h = torch.randn(20, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    plain, fast = (h.clone().requires_grad_() for _ in range(2))
    mask = dropout(0.3, seed=5).mask(20, 30).double()
    scale = dropout(0.3).scale
    weights = torch.randn(20, 30, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = elu(plain) * mask * scale
    result = elu_dropout(fast * 1.0, dropout(0.3, seed=5))
    assert torch.allclose(result, expected)
    (expected * weights).sum().backward()
    (result * weights).sum().backward()
    assert torch.allclose(fast.grad, plain.grad)


def test_the_split_first_layer_is_the_layer_over_the_concatenation():
    torch.manual_seed(0)
    x, y, person = torch.randn(7, 5), torch.randn(3, 5), torch.tensor([0, 0, 2, 1, 2, 2, 0])
    encoder = Encoder(5, 5, (8, 6), 2)
    whole = torch.cat([encoder.first.weight_x, encoder.first.weight_y], dim=1)
    h = elu(torch.cat([x, y[person]], dim=1) @ whole.t() + encoder.first.bias)
    h = elu(encoder.hidden[0](h))
    assert torch.allclose(torch.cat(encoder(x, y, person, None), dim=1), encoder.heads(h), atol=1e-6)
    decoder = Decoder(2, 5, (8, 6), 5)
    z = torch.randn(7, 4, 2)
    whole = torch.cat([decoder.first.weight_x, decoder.first.weight_y], dim=1)
    joined = torch.cat([z, y[person][:, None].expand(7, 4, 5)], dim=2)
    h = elu(decoder.hidden[0](elu(joined @ whole.t() + decoder.first.bias)))
    assert torch.allclose(decoder(z, y, person, None), decoder.out(h), atol=1e-6)
