"""The images that one process of many sees in an epoch: seeds that do not agree, shares of unequal size."""

import math

import torch

from tutor.checking import Misconception, code
from tutor.checking.space import Number, Space


def probe_share(d):
    """Counts that do and do not divide by the number of processes."""
    world_size = d.integer(2, 4)
    return world_size * d.integer(4, 6) + d.integer(1, world_size - 1), world_size, d.integer(3, 9)


def probe_even_share(d):
    """A count that divides evenly."""
    world_size = d.integer(2, 4)
    return world_size * d.integer(3, 5), world_size, d.integer(3, 9)


def use_share(answer, count, world_size, seed):
    """The shares of all processes in three epochs, one without a seed, and whether torch's own numbers stay apart."""
    before = torch.get_rng_state()
    shares = [[answer(count, world_size, rank, epoch, seed) for rank in range(world_size)] for epoch in (1, 2, 5)]
    apart = torch.equal(torch.get_rng_state(), before)
    return *shares, answer(count, world_size, 0, 3), "left alone" if apart else "drawn from, or begun anew"


def share_by_sampler_arithmetic(count, world_size, rank, epoch, seed=0):
    g = torch.Generator()
    g.manual_seed(seed + epoch)
    order = torch.randperm(count, generator=g).tolist()
    each = math.ceil(count / world_size)
    order += order[: each * world_size - count]
    return torch.tensor(order[rank : len(order) : world_size])


def share_by_modulo(count, world_size, rank, epoch, seed=0):
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed + epoch))
    places = torch.arange(rank, -(-count // world_size) * world_size, world_size)
    return order[places % count]


def share_by_table(count, world_size, rank, epoch, seed=0):
    generator = torch.Generator().manual_seed(epoch + seed)
    order = torch.randperm(count, generator=generator)
    while len(order) % world_size:
        order = torch.cat([order, order[len(order) % count :][:1]])
    return order.reshape(-1, world_size)[:, rank]


EXERCISE = code(
    difficulty="medium",
    minutes=8,
    drills=("sampler",),
    space=Space(
        {
            "count": Number((10, 12, 17, 101)),
            "world_size": Number((3, 2, 1, 7)),
            "seed": Number((4, 0, 10**9)),
        }
    ),
    probe=(probe_share, probe_even_share),
    use=use_share,
    outputs=(
        *("the shares of epoch 1", "the shares of epoch 2", "the shares of epoch 5"),
        "a share of epoch 3 without a seed",
        "the random numbers of all others",
    ),
    exact=True,
    misconceptions=(
        Misconception(
            "epoch-forgotten",
            "The order is the same in every epoch. That is what happens without `set_epoch`: add the epoch to the seed.",
            patch=("seed + epoch", "seed"),
            hints=("Which numbers make the shuffle of epoch 2 another one than that of epoch 1?",),
        ),
        Misconception(
            "seed-forgotten",
            "The order depends on the epoch alone. Another seed should give another order: the generator gets the sum of both.",
            patch=("seed + epoch", "epoch"),
            hints=("What would change if someone passed another seed?",),
        ),
        Misconception(
            "seed-times-epoch",
            "The seed is multiplied by the epoch. With seed 0 every epoch would get the same order: add them.",
            patch=("seed + epoch", "seed * epoch"),
            hints=("What is the product if the seed is 0?",),
        ),
        Misconception(
            "unseeded",
            "A generator is used, but nobody gives it the seed: the order is the same for every seed and every epoch.",
            patch=("torch.Generator().manual_seed(seed + epoch)", "torch.Generator()"),
            hints=("Where do seed and epoch come in?",),
        ),
        Misconception(
            "rank-in-the-seed",
            "Every process shuffles differently. Their shares overlap then, and some images are seen by nobody.",
            patch=("seed + epoch", "seed + epoch + rank"),
            hints=("What has to be the same in all processes, so that no image is taken twice?",),
        ),
        Misconception(
            "not-filled-up",
            "The order is not continued, so some shares are shorter than others, and a process with more batches would "
            "wait for ever for the rest.",
            patch=("    order = torch.cat([order, order[:missing]])  # now a multiple of world_size\n", ""),
            hints=("How long is the share of each process if 10 images go to 3 of them?",),
        ),
        Misconception(
            "rest-dropped",
            "The images that do not divide evenly are left out. Here nothing is lost: the order is continued with its "
            "own beginning.",
            patch=("order = torch.cat([order, order[:missing]])", "order = order[: count - count % world_size]"),
            hints=("What becomes of the last of 10 images, with 3 processes?",),
        ),
        Misconception(
            "shuffled-after-filling",
            "More indices are shuffled than there are images, so some of yours point at no image. Shuffle `count` indices, then continue that order with its beginning.",
            patch=(
                ("torch.randperm(count,", "torch.randperm(count + -count % world_size,"),
                ("    order = torch.cat([order, order[:missing]])  # now a multiple of world_size\n", ""),
            ),
            hints=("What is the largest index that an image can have?",),
        ),
        Misconception(
            "no-generator",
            "The order does not depend on the seed and the epoch. Every process would draw another one; is the generator made, seeded and given to `randperm`?",
            patch=("torch.randperm(count, generator=generator)", "torch.randperm(count)"),
            hints=("Who tells randperm which generator to draw from?",),
        ),
        Misconception(
            "rest-for-missing",
            "As many indices are appended as are left over, not as many as are missing.",
            patch=("-count % world_size", "count % world_size"),
            hints=(
                "With 10 images and 4 processes 2 are left over. How many are missing to 12? And with 3 processes?",
            ),
        ),
        Misconception(
            "filled-up-though-even",
            "Indices are appended even where the count divides evenly: nothing is missing then.",
            patch=("-count % world_size", "world_size - count % world_size"),
            hints=("How many are missing with 12 images and 3 processes?",),
        ),
        Misconception(
            "filled-up-with-the-last",
            "The last index of the order is repeated. The order should be continued with its beginning.",
            patch=("order[:missing]", "order[-1:].repeat(missing)"),
            hints=("Which end of the order is its beginning?",),
        ),
        Misconception(
            "filled-up-with-zeros",
            "The order is filled up with zeros, that is, with image 0. It should be continued with its own beginning.",
            patch=("order[:missing]", "torch.zeros(missing, dtype=torch.long)"),
            hints=("Which image is number 0?",),
        ),
        Misconception(
            "seed-of-all",
            "The shares are right, and torch's own random numbers begin anew with each call: whoever draws some afterwards, for weights or dropout, finds the same again. A generator of its own leaves them alone.",
            patch=(
                "generator = torch.Generator().manual_seed(seed + epoch)\n    order = torch.randperm(count, generator=generator)",
                "torch.manual_seed(seed + epoch)\n    order = torch.randperm(count)",
            ),
            hints=("Who else draws from the numbers that `torch.manual_seed` begins anew?",),
        ),
        Misconception(
            "continued-with-the-own-beginning",
            "A share that is too short is continued with its own beginning. It is the order of all images that is continued with its beginning, before it is dealt out.",
            patch=(
                ("    order = torch.cat([order, order[:missing]])  # now a multiple of world_size\n", ""),
                (
                    "return order[rank::world_size]",
                    "mine = order[rank::world_size]\n    return torch.cat([mine, mine[: -(-count // world_size) - len(mine)]])",
                ),
            ),
            hints=("With 10 images and 3 processes: which image does process 1 get in the place of the eleventh?",),
        ),
        Misconception(
            "filled-up-with-the-first-numbers",
            "The order is filled up with 0, 1 and so on, images in their natural order. It should be continued with its own beginning.",
            patch=("order[:missing]", "torch.arange(missing)"),
            hints=("With which image does the shuffled order begin?",),
        ),
        Misconception(
            "sorted",
            "Your share is in ascending order. It should keep the order of the shuffle.",
            patch=("return order[rank::world_size]", "return order[rank::world_size].sort().values"),
            hints=("In which order are the images to be seen?",),
        ),
        Misconception(
            "blocks",
            "Each process gets one block of the order. That is a fair division, too, but the one asked for deals the images out like cards: every world_size-th one.",
            patch=(
                "return order[rank::world_size]",
                "return order[rank * (len(order) // world_size) : (rank + 1) * (len(order) // world_size)]",
            ),
            hints=("Who gets the second image of the order?",),
        ),
        Misconception(
            "filled-up-from-the-end",
            "The order is continued with its end. It should be continued with its beginning.",
            patch=("order[:missing]", "order[count - missing :]"),
            hints=("Which end of the order stands first?",),
        ),
        Misconception(
            "no-tensor",
            "The indices are right, but they do not come as a tensor. That is asked for: stay with tensors all the way, or make one at the end.",
            patch=("return order[rank::world_size]", "return order[rank::world_size].tolist()"),
            hints=("What does the docstring say is returned?",),
        ),
        Misconception(
            "rank-forgotten",
            "Every process gets the share of process 0.",
            patch=("order[rank::world_size]", "order[::world_size]"),
            hints=("Where does process 2 begin?",),
        ),
        Misconception(
            "not-shuffled",
            "The indices come in their natural order. They should be shuffled by `torch.randperm` first.",
            patch=("torch.randperm(count, generator=generator)", "torch.arange(count)"),
            hints=("Where does the order come from, according to the docstring?",),
        ),
    ),
    alternatives=(share_by_sampler_arithmetic, share_by_modulo, share_by_table),
    equivalent_mutants={
        "order = torch.cat([order, order[:rank]])": "no rank needs more of the beginning than that, and takes no more",
    },
    hints=(
        "With 10 images and 3 processes, how many images does each one get, and where do the missing ones come from?",
        "Shuffle, append the beginning so that the length divides evenly, then take every world_size-th from `rank` on.",
        "`missing = -count % world_size`, and at the end `order[rank::world_size]`.",
    ),
)
