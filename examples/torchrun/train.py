"""Distributed data parallel training over several machines, as `torchrun` starts it. Needs PyTorch; runs on CPUs by gloo.

    runyard run --on lab --workers 2 'exec torchrun --nnodes=$RUNYARD_WORLD_SIZE --node-rank=$RUNYARD_RANK \
        --nproc-per-node=1 --master-addr=${RUNYARD_HOSTS%%,*} --master-port=$RUNYARD_PORT examples/torchrun/train.py'

Fits a line to points that every rank draws for itself: after each step all ranks hold the same weights.
"""

import socket

import runyard
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

p = runyard.params(steps=50, lr=0.1)

dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
rank, size = dist.get_rank(), dist.get_world_size()
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
print(f"rank {rank} of {size} on {socket.gethostname()}", flush=True)

torch.manual_seed(rank)  # other points on each rank
model = DistributedDataParallel(torch.nn.Linear(1, 1).to(device))
optimizer = torch.optim.SGD(model.parameters(), lr=p.lr)
for step in range(p.steps):
    x = torch.rand(64, 1, device=device)
    loss = torch.nn.functional.mse_loss(model(x), 3 * x + 1)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if rank == 0:
        runyard.metric(step, loss=loss.item())
        runyard.progress(step + 1, p.steps)

weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
everyones = [torch.zeros_like(weights) for _ in range(size)]
dist.all_gather(everyones, weights)
agree = all(torch.equal(weights, other) for other in everyones)
print(f"rank {rank}: slope {weights[0].item():.3f}, all ranks agree: {agree}", flush=True)
if rank == 0:
    runyard.result(loss=loss.item(), agree=agree)
dist.barrier()  # who leaves early takes the others' connections along
dist.destroy_process_group()
