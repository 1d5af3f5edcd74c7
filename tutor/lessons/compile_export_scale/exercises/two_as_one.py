"""A training in two processes: gradients that do not travel or are added up, rows that both compute, and a second that never ran."""

from tutor.checking import Wrong, program, symptoms

from ..pairs import alone, equal, observe, records, shares, watch


def judge(run):
    return records(run) or shares(run) or equal(run) or symptoms.uncleared(run) or alone(run)


ALONE = """
alone = torch.zeros(6, dtype=torch.float64)
for step in range(20):
    x_part, y_part = rows.split(32)[step % 4], targets.split(32)[step % 4]
    alone = alone - 0.1 * 2 * x_part.T @ (x_part @ alone - y_part) / 32
"""
WRAPPED = (
    '''
(place / "wrapped.py").write_text("""
import os
import sys
import torch
from torch import nn

torch.distributed.init_process_group("gloo")
rank = int(os.environ["RANK"])
x, y = torch.load(sys.argv[1])
model = nn.Linear(6, 1, bias=False).double()
nn.init.zeros_(model.weight)
parallel = nn.parallel.DistributedDataParallel(model)
optimizer, losses = torch.optim.SGD(model.parameters(), lr=0.1), []
for walk in range(5):
    for some_x, some_y in zip(x.split(32), y.split(32)):
        optimizer.zero_grad()
        loss = nn.MSELoss()(parallel(some_x[rank::2])[:, 0], some_y[rank::2])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
torch.save(dict(process=os.getpid(), weights=model.weight.data[0], losses=losses), sys.argv[2 + rank])
torch.distributed.destroy_process_group()
sys.stdout.flush()
os._exit(0)
""")
files = [place / "first.pt", place / "second.pt"]
torchrun(place / "wrapped.py", place / "data.pt", *files)
runs = [torch.load(file, weights_only=True) for file in files]
'''
    + ALONE
)
GATHERED = (
    '''
import json

source = """
import json, os, sys
import torch
import torch.distributed as dist

def main(folder):
    dist.init_process_group("gloo")
    me, (x, y) = dist.get_rank(), torch.load(f"{folder}/data.pt")
    w, losses = torch.zeros(6, dtype=torch.float64), []
    for k in range(20):
        at = torch.arange(32 * (k % 4) + me, 32 * (k % 4) + 32, 2)
        off = x[at] @ w - y[at]
        losses.append(float(off @ off / 16))
        grads = [torch.empty_like(w) for _ in range(2)]
        dist.all_gather(grads, x[at].T @ off / 8)
        w -= 0.1 * torch.stack(grads).mean(0)
    print(json.dumps({"process": os.getpid(), "weights": w.tolist(), "losses": losses}), flush=True)
    dist.destroy_process_group()
    os._exit(0)

main(sys.argv[1])
"""
script_file = place / "gathered.py"
script_file.write_text(source)
runs = tuple(json.loads(line) for line in torchrun(script_file, place, processes=2, seconds=30))
'''
    + ALONE
)
SENT = (
    '''
(place / "sent.py").write_text("""
import os, sys, torch
import torch.distributed as dist

dist.init_process_group("gloo")
rank = dist.get_rank()
x, y = (t.view(4, 16, 2, -1)[:, :, rank] for t in torch.load(sys.argv[1] + "/data.pt"))
w, losses = torch.zeros(6, 1, dtype=torch.float64, requires_grad=True), []
for step in range(20):
    loss = (x[step % 4] @ w - y[step % 4]).square().mean()
    (mine,) = torch.autograd.grad(loss, w)
    if rank == 1:
        dist.send(mine, dst=0)
    else:
        other = torch.empty_like(mine)
        dist.recv(other, src=1)
        mine = (mine + other) / 2
    dist.broadcast(mine, src=0)
    w = (w - 0.1 * mine).detach().requires_grad_()
    losses += [loss.detach()]
torch.save([os.getpid(), w.detach(), losses], f"{sys.argv[1]}/sent{rank}.pt")
dist.barrier()
dist.destroy_process_group()
os._exit(0)
""")
torchrun(place / "sent.py", place)
runs = [dict(zip(["process", "weights", "losses"], torch.load(place / f"sent{rank}.pt"))) for rank in (0, 1)]
'''
    + ALONE
)
IN_TURN = """
runs = []
for rank in range(2):
    w, losses = torch.zeros(6, dtype=torch.float64), []
    for step in range(20):
        x, y = rows.split(32)[step % 4], targets.split(32)[step % 4]
        losses.append(float(((x[rank::2] @ w - y[rank::2]) ** 2).mean()))
        w = w - 0.1 * 2 * x.T @ (x @ w - y) / 32
    runs.append({"process": os.getpid() + rank, "weights": w, "losses": losses})
alone = w
"""
REDUCE = "    dist.all_reduce(w.grad)\n"
SHARE = "x[at][rank::count] @ w - y[at][rank::count]"

EXERCISE = program(
    difficulty="hard",
    minutes=35,
    drills=("torchrun", "averaging"),
    leaves=("runs", "alone"),
    seconds=120.0,
    watch=watch,
    observe=observe,
    judge=judge,
    wrong=(
        Wrong("one-after-the-other", text=IN_TURN, told="one-process"),
        Wrong(
            "by-another-door",
            patch=('torchrun(place / "half.py", place)', 'subprocess.run([sys.executable, place / "half.py", place])'),
            told="error",
        ),
        Wrong("gradients-stay-at-home", patch=(REDUCE, ""), told="apart"),
        Wrong("sum-for-mean", patch=("w.grad / count", "w.grad"), told="summed"),
        Wrong("all-rows-in-both", patch=(SHARE, "x[at] @ w - y[at]"), told="whole-batch"),
        Wrong("rows-of-the-first-in-both", patch=(SHARE, SHARE.replace("rank::", "0::")), told="same-half"),
        Wrong("never-cleared", patch=("    w.grad = None\n", ""), told="uncleared"),
        Wrong("more-steps", patch=("[]\nfor step in range(20)", "[]\nfor step in range(40)"), told="other-steps"),
        Wrong(
            "weights-averaged-at-the-end",
            patch=(
                (REDUCE, ""),
                ("w.grad / count", "w.grad"),
                ("torch.save", "dist.all_reduce(w.detach())\nw = w / count\ntorch.save"),
            ),
            told="unequal",
        ),
        Wrong("alone-with-another-rate", patch=("alone -= 0.1", "alone -= 0.05"), told="alone-unequal"),
    ),
    alternatives=(WRAPPED, GATHERED, SENT),
    mutants=4,
    seeds=2,
    hints=(
        "Each process has the mean over its half. What do both have to know before they step, and which call of `torch.distributed` tells them?",
        "A script as in section 7, without the wrapper: `init_process_group`, rows `rank::count` of every batch, `all_reduce` of the gradient, and a file for each rank.",
        "`dist.all_reduce(w.grad)` between `backward` and the step, and the step with `w.grad / count`",
    ),
    explain="Two processes that share the work have come to the weights of one.",
)
