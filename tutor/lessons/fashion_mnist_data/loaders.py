"""Right shuffled batches of two tensors, each written differently: what lesson 10 lets pass as Batches."""

import math
import random

import numpy as np
import torch


class BatchesByIndex:
    def __init__(self, x, y, batch_size):
        self.data, self.size = (x, y), batch_size

    def __len__(self):
        return (len(self.data[0]) + self.size - 1) // self.size

    def __iter__(self):
        x, y = self.data
        order = torch.randperm(len(y))
        for start in range(0, len(y), self.size):
            chosen = order[start : start + self.size]
            yield x[chosen], y[chosen]


class BatchesAsList:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-self.x.shape[0] // self.batch_size)

    def __iter__(self):
        numbers = list(range(len(self.x)))
        random.shuffle(numbers)
        order = torch.tensor(numbers)
        return iter(zip(self.x[order].split(self.batch_size), self.y[order].split(self.batch_size), strict=True))


class BatchesByNumpy:
    def __init__(self, x, y, batch_size):
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return math.ceil(len(self.y) / self.batch_size)

    def __iter__(self):
        order = np.random.permutation(len(self.y))
        for piece in np.array_split(order, range(self.batch_size, len(order), self.batch_size)):
            yield [self.x[piece], self.y[piece]]
