"""The networks that lessons share, and how `tutor.models` hands them out."""

import random
from itertools import pairwise

import pytest
import torch

from tutor import models, networks


def test_models_hands_out_the_networks():
    for name in (
        "Polynomial3",
        "TwoLayerNet",
        "fashion_mlp",
        "DynamicNet",
        "RecurrentCell",
        "fashion_cnn",
        "fashion_resnet",
    ):
        assert getattr(models, name) is getattr(networks, name)


def test_an_unknown_name_is_refused_by_its_name():
    with pytest.raises(AttributeError, match="no attribute 'Polynomial4'"):
        _ = models.Polynomial4


def filled(polynomial, *coefficients):
    with torch.no_grad():
        for value, parameter in zip(coefficients, polynomial.parameters(), strict=True):
            parameter.fill_(value)
    return polynomial


def filled_cubic():
    return filled(models.Polynomial3(), 1.0, -2.0, 3.0, -4.0)


def test_the_cubic_has_four_named_parameters_and_keeps_the_shape_of_x():
    cubic = filled_cubic()
    assert {name: p.item() for name, p in cubic.named_parameters()} == {"a": 1, "b": -2, "c": 3, "d": -4}
    x = torch.tensor([[0.0, 1.0], [2.0, -1.0]])
    assert torch.equal(cubic(x), torch.tensor([[1.0, -2.0], [-23.0, 10.0]]))


def test_the_cubic_tells_its_formula_rounded():
    cubic = filled_cubic()
    assert cubic.formula() == "y = 1.00 -2.00 x +3.00 x² -4.00 x³"
    with torch.no_grad():
        cubic.c.fill_(-0.001)
    assert "+0.00 x²" in cubic.formula()


@pytest.mark.parametrize("polynomial", [models.Polynomial3, models.DynamicNet])
def test_a_polynomial_starts_anew_each_time_and_the_same_with_the_same_seed(polynomial):
    starts = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        starts.append(torch.stack(list(polynomial().parameters())))
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])


def test_the_two_layer_net_has_its_relu_between_the_layers_and_none_at_the_end():
    torch.manual_seed(0)
    net, x = models.TwoLayerNet(5, 7, 3).double(), torch.randn(11, 5, dtype=torch.float64)
    h = x @ net.linear1.weight.T + net.linear1.bias
    y_pred = torch.where(h > 0, h, 0.0) @ net.linear2.weight.T + net.linear2.bias
    assert torch.allclose(net(x), y_pred)
    assert (y_pred < 0).any()


def test_the_fashion_network_takes_images_with_and_without_a_channel():
    torch.manual_seed(0)
    net, images = models.fashion_mlp(), torch.rand(3, 1, 28, 28)
    assert net(images).shape == (3, 10)
    assert torch.equal(net(images), net(images.squeeze(1)))


def test_the_fashion_network_has_the_sizes_of_its_name():
    weights = [tuple(p.shape) for name, p in models.fashion_mlp().named_parameters() if name.endswith("weight")]
    assert weights == [(512, 784), (512, 512), (10, 512)]


def filled_dynamic_net():
    return filled(models.DynamicNet(), 1.0, -2.0, 3.0, -4.0, 10.0)


def test_the_dynamic_net_adds_a_term_with_the_same_e_for_each_order_above_three():
    net, x = filled_dynamic_net(), torch.tensor([2.0, -1.0])
    assert [net(x, order).tolist() for order in (3, 4, 5)] == [[-23, 10], [137, 20], [457, 10]]


def test_the_dynamic_net_draws_each_of_its_orders():
    net, x = filled_dynamic_net(), torch.tensor([2.0])
    random.seed(0)
    drawn = [net(x).item() for _ in range(300)]
    assert all(70 < drawn.count(value) < 130 for value in (-23, 137, 457))


def test_the_recurrent_cell_is_one_step_of_torchs_own_recurrent_net():
    torch.manual_seed(0)
    cell, theirs = models.RecurrentCell(3, 4), torch.nn.RNNCell(3, 4)
    with torch.no_grad():
        theirs.weight_ih.copy_(cell.w_x.T)
        theirs.weight_hh.copy_(cell.w_h.T)
        theirs.bias_ih.copy_(cell.b)
        theirs.bias_hh.zero_()
    x_t, h = torch.randn(5, 3), torch.randn(5, 4)
    assert torch.allclose(cell(x_t, h), theirs(x_t, h), atol=1e-6)


def test_the_recurrent_cell_starts_spread_over_its_bounds():
    torch.manual_seed(0)
    cell = models.RecurrentCell(7, 100)
    for weight in cell.parameters():
        assert 0.08 < weight.abs().max() <= 0.1
        assert weight.min() < 0 < weight.max()


def test_the_convolutional_network_gives_ten_logits_and_has_fewer_weights_than_the_784_512_512_10_one():
    torch.manual_seed(0)
    net = models.fashion_cnn()
    assert net(torch.rand(3, 1, 28, 28)).shape == (3, 10)
    count = [sum(p.numel() for p in one.parameters()) for one in (net, models.fashion_mlp())]
    assert count[0] < count[1] / 3


def test_the_residual_network_gives_ten_logits_from_48_channels_of_7_x_7():
    torch.manual_seed(0)
    net, x = models.fashion_resnet().eval(), torch.rand(3, 1, 28, 28)
    assert net(x).shape == (3, 10)
    assert net[:-5](x).shape == (3, 48, 7, 7)


def test_a_residual_block_adds_what_comes_in():
    torch.manual_seed(0)
    block, x = networks.Residual(5).eval(), torch.randn(2, 5, 4, 3)
    added = block(x) - x
    assert (added >= -1e-6).all() and added.max() > 0.1
    torch.nn.init.zeros_(block.layers[0].weight)
    assert torch.allclose(block(x), x)


def test_the_convolutional_network_has_no_bias_that_batch_normalisation_would_take_away():
    net = list(models.fashion_cnn())
    for layer, following in pairwise(net):
        if isinstance(following, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            assert layer.bias is None
