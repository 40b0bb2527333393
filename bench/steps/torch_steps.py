"""The training steps of cases.ts in PyTorch: torch_steps.py CASE STEPS THREADS prints {"ms": [...], "mb": peak, "matmulGflops": rate}."""
import json, resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F
from torch_agents import agents
from torch_graphs import graphs
from torch_pairs import pairs
from torch_parts import Basic, blocks
from torch_signals import signals

which, steps, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
clock = time.perf_counter if threads > 1 else time.process_time


class Vit(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.positions = nn.Linear(48, 192), nn.Parameter(torch.randn(64, 192) * 0.02)
        self.body, self.head = blocks(192, 3, 4), nn.Linear(192, 48)
        self.x, self.y = torch.randn(32, 64, 48), torch.randn(32, 64, 48)

    def forward(self):
        return F.mse_loss(self.head(self.body(self.patch(self.x) + self.positions)), self.y)


class Mae(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.body, self.project = nn.Linear(192, 192), blocks(192, 3, 12), nn.Linear(192, 128)
        self.mask_token, self.decoder, self.predict = nn.Parameter(torch.zeros(1, 1, 128)), blocks(128, 4, 2), nn.Linear(128, 192)
        self.positions, self.decoder_positions = torch.randn(1, 64, 192), torch.randn(1, 64, 128)
        self.images = torch.randn(64, 3, 64, 64)

    def forward(self):
        patches = self.images.reshape(64, 3, 8, 8, 8, 8).permute(0, 2, 4, 3, 5, 1).reshape(64, 64, 192)
        order = torch.rand(64, 64).argsort(1)
        keep, back = order[:, :16], order.argsort(1)
        rows = lambda x, index: torch.gather(x, 1, index[:, :, None].expand(-1, -1, x.shape[2]))
        visible = self.body(self.patch(rows(patches, keep)) + rows(self.positions.expand(64, -1, -1), keep))
        latent = torch.cat([self.project(visible), self.mask_token.expand(64, 48, -1)], 1)
        prediction = self.predict(self.decoder(rows(latent, back) + self.decoder_positions))
        target = (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6) ** 0.5
        mask = torch.ones(64, 64).scatter_(1, keep, 0)
        return (((prediction - target) ** 2).mean(-1) * mask).sum() / mask.sum()


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(8192, 256), nn.Parameter(torch.randn(128, 256) * 0.02)
        self.body, self.head = blocks(256, 4, 4), nn.Linear(256, 8192)
        self.ids, self.labels = torch.randint(8192, (32, 128)), torch.randint(8192, (640,))
        self.where = (torch.arange(32)[:, None] * 128 + torch.arange(20) * 6).reshape(-1)

    def forward(self):
        encoded = self.body(self.words(self.ids) + self.positions)
        return F.cross_entropy(self.head(encoded.reshape(-1, 256)[self.where]), self.labels)


class Resnet(nn.Module):
    def __init__(self):
        super().__init__()
        stages, width = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 64
        for stage in range(4):
            for index in range(2):
                stages.append(Basic(width, 64 * 2**stage, 2 if stage and index == 0 else 1))
                width = 64 * 2**stage
        self.body = nn.Sequential(*stages)
        self.projector = nn.Sequential(nn.Linear(512, 512, bias=False), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 128))
        self.views = torch.randn(128, 3, 32, 32)

    def forward(self):
        z = F.normalize(self.projector(self.body(self.views).mean((2, 3))), dim=1)
        logits = z @ z.T / 0.5
        logits.fill_diagonal_(-1e9)
        return F.cross_entropy(logits, torch.arange(128).roll(64))


times = []
if which in agents:
    agent = agents[which]()
    for step in range(steps + 2):
        start = clock()
        agent.step(), agent.step()
        if step >= 2:
            times.append((clock() - start) * 1e3 / 2)
else:
    model = {"vit": Vit, "mae": Mae, "text": Text, "resnet": Resnet, **signals, **graphs, **pairs}[which]()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
    for step in range(steps + 2):
        start = clock()
        optimizer.zero_grad(set_to_none=True)
        loss = model()
        loss.backward()
        optimizer.step()
        loss.item()
        if step >= 2:
            times.append((clock() - start) * 1e3)
mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

# Debian's PyTorch takes whatever BLAS is installed; the reference one is a hundred times slower than OpenBLAS.
square, rates = torch.randn(512, 512), []
for _ in range(3):
    start = clock()
    square @ square
    rates.append(2 * 512**3 / (clock() - start) / 1e9)
print(json.dumps({"ms": times, "mb": mb, "matmulGflops": max(rates)}))
