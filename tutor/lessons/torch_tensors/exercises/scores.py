"""Dot products of queries and keys, a batch at a time: a reshape for a transpose, a batch summed away."""

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Array, Space


def scores_by_matmul(queries, keys):
    return queries @ keys.mT


def scores_by_einsum(queries, keys):
    return torch.einsum("bnd,bmd->bnm", queries, keys)


def scores_by_loop(queries, keys):
    return torch.stack([q.mm(k.t()) for q, k in zip(queries, keys, strict=True)])


def scores_by_broadcasting(queries, keys):
    return (queries[:, :, None] * keys[:, None]).sum(dim=-1)


EXERCISE = code(
    difficulty="easy",
    minutes=8,
    drills=("batched-products", "einsum"),
    space=Space(
        {
            "queries": Array("B N D", layouts=("contiguous", "transposed"), scales=("usual", "eight"), tensor=True),
            "keys": Array("B M D", layouts=("contiguous", "transposed"), values=("distinct", "zeros"), tensor=True),
        },
        sizes={"B": (1,), "N": (1,), "M": (1,)},
    ),
    misconceptions=(
        Misconception(
            "reshape-for-transpose",
            "The shape is right and the numbers are not: parts of different keys are mixed, as by a reshape of `keys` to (B, D, M), which cuts "
            "the memory elsewhere. Dimensions 1 and 2 have to change places.",
            patch=("keys.transpose(1, 2)", "keys.reshape(keys.shape[0], keys.shape[2], keys.shape[1])"),
            hints=("Does a reshape keep the entries of one key together?",),
        ),
        Misconception(
            "not-transposed",
            "A batched product multiplies (N, D) by (D, M) in each sequence, but `keys` are (M, D): their last two dimensions have to change places.",
            patch=("keys.transpose(1, 2)", "keys"),
            hints=("Which shape does the second factor need?",),
        ),
        Misconception(
            "batch-transposed-too",
            "The second factor has its dimensions reversed, the batch included. Only the last two of `keys` change places.",
            patch=("keys.transpose(1, 2)", "keys.permute(2, 1, 0)"),
            hints=("Where does B stand after your transpose?",),
        ),
        Misconception(
            "queries-and-keys-swapped",
            "Your result is (B, M, N): a row for each key. Rows belong to queries.",
            patch=("torch.bmm(queries, keys.transpose(1, 2))", "torch.bmm(keys, queries.transpose(1, 2))"),
            hints=("Which of N and M comes first in the result?",),
        ),
        Misconception(
            "summed-over-the-batch",
            "The scores of all sequences are added up. B has to stay: sequences know nothing of each other.",
            patch=("torch.bmm(queries, keys.transpose(1, 2))", 'torch.einsum("bnd,bmd->nm", queries, keys)'),
            hints=("Which letters of the formula stand under the sum?",),
        ),
        Misconception(
            "sequences-mixed",
            "Every query meets the keys of all sequences, added up. It is to meet those of its own sequence alone: B is one and the same size in both factors and in the result.",
            patch=("torch.bmm(queries, keys.transpose(1, 2))", 'torch.einsum("bnd,cmd->bnm", queries, keys)'),
            hints=("With two sequences, whose keys should the queries of the first one meet?",),
        ),
        Misconception(
            "scaled",
            "These are divided by the square root of D, as attention does later. Here the plain dot products are asked for.",
            patch=(
                "torch.bmm(queries, keys.transpose(1, 2))",
                "torch.bmm(queries, keys.transpose(1, 2)) / keys.shape[2] ** 0.5",
            ),
            hints=("Is there a division in the formula?",),
        ),
    ),
    alternatives=(scores_by_matmul, scores_by_einsum, scores_by_loop, scores_by_broadcasting),
    equivalent_mutants={"return torch.bmm(queries, keys.transpose(2, 1))": "swapping 1 and 2 is swapping 2 and 1"},
    hints=(
        "Which size is summed over, and where does it stand in each factor?",
        "`bmm` with the last two dimensions of `keys` swapped, or `einsum` with a letter for each dimension.",
        '`torch.einsum("bnd,bmd->bnm", queries, keys)`',
    ),
)
