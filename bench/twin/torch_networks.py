"""The networks of the twin in PyTorch: torchvision's small ResNet, timm's ViT, and what the methods put behind them.

Modules are named as our parameters are, so that the same weights can be given to both sides (`--same-weights`).
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


def norm2d(width):
    return nn.BatchNorm2d(width)


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        self.norm = norm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(x))


class BasicBlock(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.path = nn.ModuleList([ConvNorm(inputs, width, 3, stride), ConvNorm(width, width, 3)])
        self.shortcut = ConvNorm(inputs, width, 1, stride) if stride != 1 or inputs != width else None

    def forward(self, x):
        straight = self.shortcut(x) if self.shortcut else x
        return F.relu(straight + self.path[1](F.relu(self.path[0](x))))


class ResNet10(nn.Module):
    """A basic block in each of four stages, behind a 3 × 3 stem of stride 2; the mean over the last map."""

    def __init__(self, width):
        super().__init__()
        self.stem = ConvNorm(3, width, 3, 2)
        widths = [width * 2**stage for stage in range(4)]
        inputs = [width, *widths]
        self.stages = nn.ModuleList(
            [nn.ModuleList([BasicBlock(inputs[stage], widths[stage], 2 if stage else 1)]) for stage in range(4)]
        )
        self.width = widths[-1]

    def forward(self, x):
        x = F.relu(self.stem(x))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return x.mean((2, 3))


def linear(inputs, outputs):
    """timm's: a normal of deviation 0.02 that is cut at two deviations, and no bias at first."""
    layer = nn.Linear(inputs, outputs)
    nn.init.trunc_normal_(layer.weight, std=0.02, a=-0.04, b=0.04)
    nn.init.zeros_(layer.bias)
    return layer


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.output = heads, linear(width, 3 * width), linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q * (width // self.heads) ** -0.5 @ k.transpose(-2, -1)).softmax(-1)
        return self.output((weights @ v).transpose(1, 2).reshape(batch, tokens, width))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width, eps=1e-6), Attention(width, heads)
        self.norm2, self.up, self.down = nn.LayerNorm(width, eps=1e-6), linear(width, 4 * width), linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


def sin_cos_positions(side, width):
    """MAE's: half of the width for the column, half for the row, of each half sines and then cosines."""
    frequencies = 10000 ** (-torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    of = lambda place: torch.cat([torch.sin(place[:, None] * frequencies), torch.cos(place[:, None] * frequencies)], 1)
    cells = torch.arange(side * side)
    return torch.cat([of(cells % side), of(torch.div(cells, side, rounding_mode="floor"))], 1).float()


def patchify(images, patch):
    """`[batch, channels, side, side]` to `[batch, patches, patch · patch · channels]`, as in MAE's code."""
    batch, channels, side, _ = images.shape
    cells = side // patch
    apart = images.reshape(batch, channels, cells, patch, cells, patch)
    return torch.einsum("nchpwq->nhwpqc", apart).reshape(batch, cells * cells, patch * patch * channels)


class ViT(nn.Module):
    """Without a class token, fixed positions; the representation is the mean of the tokens."""

    def __init__(self, width, depth, heads, patch, side=32):
        super().__init__()
        self.patch_size = patch
        self.patch = nn.Linear(3 * patch * patch, width)
        nn.init.xavier_uniform_(self.patch.weight)
        nn.init.zeros_(self.patch.bias)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.register_buffer("place", sin_cos_positions(side // patch, width), persistent=False)
        self.width = width

    def tokens(self, images, keep=None):
        """All tokens, or those of the patches `keep`, `[batch, kept]`."""
        x = self.patch(patchify(images, self.patch_size)) + self.place
        if keep is not None:
            x = torch.gather(x, 1, keep[:, :, None].expand(-1, -1, x.shape[2]))
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def forward(self, images):
        return self.tokens(images).mean(1)


class Projector(nn.Module):
    """SimCLR's: linear, BatchNorm, ReLU, linear."""

    def __init__(self, width, output):
        super().__init__()
        first = nn.Linear(width, width, bias=False)
        nn.init.kaiming_normal_(first.weight, nonlinearity="relu")
        self.hidden = nn.ModuleList([nn.ModuleDict({"linear": first, "norm": nn.BatchNorm1d(width)})])
        self.last = linear(width, output)

    def forward(self, x):
        layer = self.hidden[0]
        return self.last(F.relu(layer["norm"](layer["linear"](x))))


class DinoHead(nn.Module):
    """DINO's: three layers with GELU, unit length, and directions of prototypes."""

    def __init__(self, width, hidden, bottleneck, prototypes):
        super().__init__()
        widths = [width, hidden, hidden, bottleneck]
        self.mlp = nn.ModuleList([nn.ModuleDict({"linear": linear(a, b)}) for a, b in zip(widths, widths[1:])])
        self.last = nn.Linear(bottleneck, prototypes, bias=False)
        nn.init.kaiming_uniform_(self.last.weight, a=math.sqrt(5))

    def forward(self, x):
        for index, layer in enumerate(self.mlp):
            x = layer["linear"](x)
            x = F.gelu(x) if index < 2 else x
        return F.normalize(x, dim=-1) @ F.normalize(self.last.weight, dim=-1).T
