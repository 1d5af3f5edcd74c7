"""Lesson 08: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=185,
    core=40,
    items={
        "zero-grad": "zero_grad and why",
        "sgd": "SGD, by hand and matched step for step against torch.optim",
        "weight-decay": "weight decay",
        "loss-surface": "paths on a loss surface drawn and animated",
        "momentum": "momentum, by hand and matched step for step against torch.optim",
        "adagrad": "AdaGrad, by hand and matched step for step against torch.optim",
        "rmsprop": "RMSprop, by hand and matched step for step against torch.optim",
        "adam": "Adam, by hand and matched step for step against torch.optim",
        "sine-rmsprop": "the sine fit with RMSprop",
        "schedules": "schedules",
        "mini-batches": "mini-batches",
        "parameter-groups": "parameter groups",
    },
)
