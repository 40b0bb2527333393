"""The training step of pairs.ts in PyTorch: CLIP with a ResNet-10 of width 24 and a BERT of two blocks of width 128."""
import math
import torch, torch.nn as nn, torch.nn.functional as F
from torch_parts import Basic, Block

BATCH, SIZE, TOKENS, VOCABULARY, WIDTH, DIM = 128, 32, 24, 4096, 128, 128


class Bert(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Parameter(torch.randn(TOKENS, WIDTH) * 0.02)
        self.norm, self.blocks = nn.LayerNorm(WIDTH), nn.ModuleList(Block(WIDTH, 2) for _ in range(2))

    def forward(self, ids, mask):
        x, there = self.norm(self.words(ids) + self.positions), mask[:, None, None, :].bool()
        for block in self.blocks:
            x = block.norm1(x + block.attend(x, there))
            x = block.norm2(x + block.feed(x))
        return (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)


class Clip(nn.Module):
    def __init__(self):
        super().__init__()
        stem = [nn.Conv2d(3, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU()]
        stages = [Basic(24 * 2 ** max(0, stage - 1), 24 * 2**stage, 2 if stage else 1) for stage in range(4)]
        self.image, self.text = nn.Sequential(*stem, *stages), Bert()
        self.of_image, self.of_text = nn.Linear(192, DIM, bias=False), nn.Linear(WIDTH, DIM, bias=False)
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        self.pixels, self.ids = torch.randn(BATCH, 3, SIZE, SIZE), torch.randint(4, VOCABULARY, (BATCH, TOKENS))
        self.mask = (torch.arange(TOKENS) < torch.randint(8, TOKENS + 1, (BATCH, 1))).float()

    def forward(self):
        images = F.normalize(self.of_image(self.image(self.pixels).mean((2, 3))), dim=1)
        texts = F.normalize(self.of_text(self.text(self.ids, self.mask)), dim=1)
        logits, own = self.scale.clamp(max=math.log(100)).exp() * images @ texts.T, torch.arange(BATCH)
        return (F.cross_entropy(logits, own) + F.cross_entropy(logits.T, own)) / 2


pairs = {"clip": Clip}
