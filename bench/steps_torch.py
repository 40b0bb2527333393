"""The ViT training step of bench/steps.ts in PyTorch: prints {"ms": [...], "mb": peak}. Usage: steps_torch.py STEPS THREADS"""
import json, resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

steps, threads = int(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
B, T, D, H, DEPTH, P = 32, 64, 192, 3, 4, 48


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.qkv, self.out = nn.LayerNorm(D), nn.Linear(D, 3 * D), nn.Linear(D, D)
        self.norm2, self.up, self.down = nn.LayerNorm(D), nn.Linear(D, 4 * D), nn.Linear(4 * D, D)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).reshape(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)
        a = ((q * (D // H) ** -0.5) @ k.transpose(-1, -2)).softmax(-1)
        x = x + self.out((a @ v).transpose(1, 2).reshape(B, T, D))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.positions = nn.Linear(P, D), nn.Parameter(torch.randn(T, D) * 0.02)
        self.blocks, self.norm, self.head = nn.Sequential(*[Block() for _ in range(DEPTH)]), nn.LayerNorm(D), nn.Linear(D, P)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.patch(x) + self.positions)))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
x, y = torch.randn(B, T, P), torch.randn(B, T, P)
times = []
for step in range(steps + 2):
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = F.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
    loss.item()
    if step >= 2:
        times.append((time.perf_counter() - start) * 1e3)
print(json.dumps({"ms": times, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
