"""What several of the steps in PyTorch are made of."""
import torch.nn as nn, torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm2, self.up, self.down = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attend(self, x, there=None):
        B, T, D = x.shape
        q, k, v = self.qkv(x).reshape(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        a = (q * (D // self.heads) ** -0.5) @ k.transpose(-1, -2)
        a = a if there is None else a.masked_fill(~there, -1e9)
        return self.out((a.softmax(-1) @ v).transpose(1, 2).reshape(B, T, D))

    def feed(self, x):
        return self.down(F.gelu(self.up(x)))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.feed(self.norm2(x))


def blocks(width, heads, depth):
    return nn.Sequential(*[Block(width, heads) for _ in range(depth)], nn.LayerNorm(width))


class Basic(nn.Module):
    def __init__(self, inp, out, stride):
        super().__init__()
        conv = lambda i, o, k, s: nn.Sequential(nn.Conv2d(i, o, k, s, k // 2, bias=False), nn.BatchNorm2d(o))
        self.first, self.second = conv(inp, out, 3, stride), conv(out, out, 3, 1)
        self.shortcut = conv(inp, out, 1, stride) if stride != 1 or inp != out else nn.Identity()

    def forward(self, x):
        return F.relu(self.shortcut(x) + self.second(F.relu(self.first(x))))
