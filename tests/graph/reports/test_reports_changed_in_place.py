"""Public reports of tensors that were changed in place, rebuilt: the sentence names tensor, victims and line."""

import torch
from telling import kinds, says, told
from torch import nn

from tutor import graph


def gan():
    generator = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 5))
    critic = nn.Sequential(nn.Linear(5, 6), nn.LeakyReLU(), nn.Linear(6, 1))
    return nn.ModuleDict({"generator": generator, "critic": critic})


def step_between(model):
    optimizer = torch.optim.SGD(model["critic"].parameters(), lr=0.1)
    score = model["critic"](model["generator"](torch.randn(3, 4)))
    score.mean().backward(retain_graph=True)
    optimizer.step()
    return -score.mean()


# NVlabs/FUNIT#23, Lornatang/SRGAN-PyTorch#28: the critic steps between the generator's forward and backward pass
def test_an_optimizer_step_between_forward_and_backward_is_told_as_such():
    model = gan()
    found = told(lambda: step_between(model).backward(), model)
    assert kinds(found) == ["changed in place"]
    assert says(found, "`critic.0.weight` and `critic.2.weight`", "SGD.step(), line `optimizer.step()`", "version 1")


def test_an_optimizer_step_that_nobody_watched_is_inferred_before_backward_runs():
    model = gan()
    loss = step_between(model)
    found = graph.explain(loss, model)
    assert says(found, "`critic.0.weight` and `critic.2.weight`", "an optimizer's step()", "(inferred")
    assert found.findings[0].inferred


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.act = nn.Linear(4, 4), nn.Linear(4, 4), nn.ReLU(inplace=True)

    def forward(self, x):
        h = torch.sigmoid(self.first(x))
        y = self.second(h)
        h += 1
        return self.act(y) + h


# bruceyo/GLA-GCN#5: what sigmoid and a linear layer had saved is overwritten; torch names neither line nor tensor
def test_the_line_that_overwrote_a_saved_tensor_and_all_its_victims_are_named():
    model = nn.Sequential(Block(), Block())
    found = told(lambda: model(torch.randn(2, 4)).sum().backward(), model)
    assert says(found, "The result of sigmoid in `0` (Block)", "by line `h += 1`", "linear in `0.second` (Linear)")
    assert found.findings[0].number == 1


def test_what_was_overwritten_is_told_before_backward_runs_too():
    model = nn.Sequential(Block())
    kept = []
    found = told(lambda: kept.append(model(torch.randn(2, 4)).sum()), model)
    assert not found.error
    assert says(found, "The result of sigmoid in `0` (Block)", "by line `h += 1`")
    assert says(graph.explain(kept[0], model), "The result of sigmoid", "the add that follows may be it (inferred")


# rail-berkeley/rlkit#109, cross32768/Dreamer_PyTorch#2: the critic is updated before the actor's backward pass
def test_a_critic_that_steps_before_the_actors_backward_is_named():
    model = nn.ModuleDict(
        {"actor": nn.Linear(3, 2), "critic": nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))}
    )
    critic_optimizer = torch.optim.Adam(model["critic"].parameters())

    def update():
        state = torch.randn(5, 3)
        action = model["actor"](state)
        actor_loss = -model["critic"](action).mean()
        model["critic"](action.detach()).pow(2).mean().backward()
        critic_optimizer.step()
        actor_loss.backward()

    found = told(update, model)
    assert kinds(found) == ["changed in place"]
    assert says(
        found, "`critic.", "Adam.step(), line `critic_optimizer.step()`", "between the forward pass and this backward"
    )


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.gate = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        x = torch.tanh(x)
        out = x
        out += self.body(x)
        return self.gate(out) * out


# Jee-King/TSAN#3: `out = x` is no copy, so changing out changes what was saved of x
def test_an_alias_that_is_added_to_is_told_with_the_line_of_the_addition():
    model = Residual()
    weight = torch.ones(4, requires_grad=True)
    found = told(lambda: model(torch.randn(2, 4) * weight).sum().backward(), model)
    assert says(found, "The result of tanh", "by line `out += self.body(x)`", "linear in `body` (Linear)")


# ultralytics/yolov5#2403, DataXujing/YOLO-v5#23: a bias is initialised through a view of it
def test_a_view_of_a_parameter_that_is_changed_is_told_with_the_line_and_torchs_words():
    bias = nn.Parameter(torch.zeros(6))

    def initialise():
        b = bias.view(2, 3)
        b[:, 1] += 0.5

    found = told(initialise)
    assert says(
        found, "A view of a leaf that asks for gradients is changed in place", "line `b[:, 1] += 0.5`", "no_grad()"
    )
    assert "a view of a leaf Variable that requires grad" in found.text()


# haofanwang/Score-CAM#28, paarthneekhara/AdversarialDeepFakes#23: channels of a loop are scaled in place
def test_a_channel_of_an_unbound_image_that_is_scaled_in_place_is_told():
    image = torch.rand(3, 4, 4, requires_grad=True)

    def denormalise():
        for channel in image * 1.0:
            channel.mul_(0.5).add_(0.1)

    assert says(
        told(denormalise), "A view that shares its tensor with others is changed in place", "line `channel.mul_("
    )
