"""Training by a recipe: on bytes, repeatable, with the schedule it says, and judged without learning from it."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tutor import data, recipes

MEAN, STD = 0.3, 0.35


def tiny():
    return nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=4, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10)
    )


TINY = recipes.Recipe(tiny, epochs=3, batch_size=50)


@pytest.fixture(scope="module")
def sample():
    """The first 320 images of the sample, bytes, and their labels."""
    train = data.FashionMNIST(data.sample_folder())
    return train.data[:320], train.targets[:320]


def numbers(model):
    return torch.cat([tensor.flatten().double() for tensor in model.state_dict().values()])


def test_a_training_learns_and_ends_in_evaluation_mode(sample):
    model = recipes.train(replace(TINY, epochs=10), *sample, MEAN, STD)
    assert not model.training
    assert recipes.accuracy(model, recipes.normalised(sample[0], MEAN, STD), sample[1]) > 70


def test_a_seed_gives_the_same_training_and_another_seed_another(sample):
    first, again, other = (numbers(recipes.train(TINY, *sample, MEAN, STD, seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=1e-3)


@pytest.mark.parametrize(
    "change",
    [{"weight_decay": 10.0}, {"label_smoothing": 0.5}, {"shift": 3}, {"learning_rate": 1e-3}, {"batch_size": 60}],
    ids=lambda change: next(iter(change)),
)
def test_every_entry_of_a_recipe_counts(sample, change):
    plain, changed = (numbers(recipes.train(r, *sample, MEAN, STD)) for r in (TINY, replace(TINY, **change)))
    assert not torch.allclose(plain, changed, atol=1e-3)


def test_the_callback_sees_every_epoch_and_may_judge_in_between(sample):
    seen = []

    def judge(epoch, model):
        seen.append((epoch, recipes.accuracy(model, recipes.normalised(sample[0], MEAN, STD), sample[1])))

    watched = recipes.train(TINY, *sample, MEAN, STD, after_epoch=judge)
    assert [epoch for epoch, _ in seen] == [1, 2, 3]
    assert torch.equal(numbers(watched), numbers(recipes.train(TINY, *sample, MEAN, STD)))


def test_bfloat16_is_near_float32_and_leaves_the_weights_in_float32(sample):
    exact, rough = (recipes.train(TINY, *sample, MEAN, STD, bf16=bf16) for bf16 in (False, True))
    assert {p.dtype for p in rough.parameters()} == {torch.float32}
    assert not torch.equal(numbers(exact), numbers(rough))
    x = recipes.normalised(sample[0], MEAN, STD)
    assert (exact(x).argmax(dim=1) == rough(x).argmax(dim=1)).float().mean() > 0.9


def test_the_rate_warms_up_over_a_fifth_and_falls_to_nothing():
    assert recipes.warm_up_and_fall(0) == pytest.approx(0.05)
    assert recipes.warm_up_and_fall(0.2) == pytest.approx(1)
    assert recipes.warm_up_and_fall(0.6) == pytest.approx(0.5)
    assert recipes.warm_up_and_fall(1) == 0


def test_normalised_bytes_are_what_training_feeds(sample):
    (x, _), *_ = data.MemoryLoader(*sample, len(sample[0]), MEAN, STD, pixels=0, p=0.0)
    x = x.flatten(1).sum(dim=1).sort().values  # the loader has shuffled them
    own = recipes.normalised(sample[0], MEAN, STD).flatten(1).sum(dim=1).sort().values
    assert torch.allclose(x, own, rtol=1e-4, atol=1e-2)


def test_a_model_asked_twice_does_not_tell_left_from_right():
    torch.manual_seed(0)
    model, x = recipes.AskedTwice(tiny()).eval(), torch.randn(7, 1, 28, 28)
    assert torch.allclose(model(x), model(x.flip(-1)), atol=1e-6)
    assert not torch.allclose(model.model(x), model.model(x.flip(-1)), atol=1e-3)


class Corners(nn.Module):
    """Two pixels of an image (N, 1, H, W) as its logits."""

    def forward(self, x):
        return torch.stack([x[:, 0, 0, 0], x[:, 0, 1, 2]], dim=1)


def test_an_image_asked_about_ten_times_is_moved_by_a_pixel_and_mirrored():
    x = torch.arange(12.0).reshape(1, 1, 3, 4)
    # at the corner: 0, from the edge 0, 4 from below, from the edge 0, 1 from the right; mirrored 3, 0, 7, 2, 0
    # inside: 6, 2, 10, 5, 7; mirrored 5, 1, 9, 4, 6
    assert torch.allclose(recipes.AskedAround(Corners())(x), torch.tensor([[1.7, 5.5]]))


def test_the_accuracy_counts_images_over_a_last_smaller_batch():
    class Says(nn.Module):
        def forward(self, x):
            return nn.functional.one_hot(x[:, 0, 0, 0].long(), 10).float()

    said = torch.arange(1300) % 10
    truth = said.clone()
    truth[1000:] = (truth[1000:] + 1) % 10
    assert recipes.accuracy(Says(), said.float().view(-1, 1, 1, 1), truth) == pytest.approx(100 * 1000 / 1300)
