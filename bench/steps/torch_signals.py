"""The training steps of signals.ts in PyTorch."""
import torch, torch.nn as nn, torch.nn.functional as F
from torch_parts import blocks


class Audio(nn.Module):
    def __init__(self):
        super().__init__()
        shapes = [(1, 10, 5), (64, 8, 4), (64, 4, 2), (64, 4, 2), (64, 4, 2)]
        layer = lambda i, k, s: nn.Sequential(nn.Conv1d(i, 64, k, s, bias=False), nn.BatchNorm1d(64), nn.ReLU())
        self.body, self.head = nn.Sequential(*[layer(*shape) for shape in shapes]), nn.Linear(64, 12)
        self.wave, self.labels = torch.randn(32, 1, 16000), torch.randint(12, (32,))

    def forward(self):
        return F.cross_entropy(self.head(self.body(self.wave).mean(-1)), self.labels)


FRONT = [(10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)]


def front(width):
    return nn.ModuleList(nn.Conv1d(width if i else 1, width, k, s, bias=False) for i, (k, s) in enumerate(FRONT))


class Strided(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs, self.wave = front(128), torch.randn(8, 1, 32000)

    def forward(self):
        x = self.wave
        for conv in self.convs:
            x = F.gelu(conv(x))
        return x.square().mean()


class Dilated(nn.Module):
    def __init__(self):
        super().__init__()
        conv = lambda d: nn.Conv1d(64, 64, 3, padding=d, dilation=d)
        self.convs = nn.ModuleList(nn.Sequential(nn.GELU(), conv(2**i), nn.GELU(), conv(2**i)) for i in range(10))
        self.x = torch.randn(16, 64, 256)

    def forward(self):
        x = self.x
        for block in self.convs:
            x = x + block(x)
        return x.square().mean()


class Positions(nn.Module):
    """wav2vec 2.0's; an even kernel gives one place too many."""

    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv1d(width, width, 128, padding=64, groups=16)

    def forward(self, x):
        return x + F.gelu(self.conv(x.transpose(1, 2))[:, :, :-1]).transpose(1, 2)


class Grouped(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(256, 256), Positions(256), nn.Linear(256, 256))
        self.x = torch.randn(16, 100, 256)

    def forward(self):
        return self.body(self.x).square().mean()


class PostBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(x).reshape(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        a = ((q * (D // self.heads) ** -0.5) @ k.transpose(-1, -2)).softmax(-1)
        x = self.norm1(x + self.out((a @ v).transpose(1, 2).reshape(B, T, D)))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Wav2vec2(nn.Module):
    """Distractors as counts of each pair of places, as in our loss; without the metrics that ours computes in each step."""

    def __init__(self):
        super().__init__()
        self.convs, self.group_norm, self.feature_norm = front(128), nn.GroupNorm(128, 128), nn.LayerNorm(128)
        self.project, self.norm, self.positions = nn.Linear(128, 256), nn.LayerNorm(256), Positions(256)
        self.body, self.mask_token = nn.Sequential(*[PostBlock(256, 4) for _ in range(4)]), nn.Parameter(torch.rand(256))
        self.choose, self.codes = nn.Linear(128, 640), nn.Parameter(torch.rand(2, 320, 128))
        self.of_codes, self.of_context = nn.Linear(256, 256), nn.Linear(256, 256)
        self.wave = torch.randn(8, 1, 32000)
        self.hidden = torch.stack([torch.randperm(99)[:48].sort().values for _ in range(8)])
        others = (torch.randint(47, (8, 48, 100)) + torch.arange(1, 48 + 1)[:, None]) % 48
        self.drawn = torch.zeros(8, 48, 48).scatter_add_(2, others, torch.ones(8, 48, 100))

    def forward(self):
        x = F.gelu(self.group_norm(self.convs[0](self.wave)))
        for conv in self.convs[1:]:
            x = F.gelu(conv(x))
        features = self.feature_norm(x.transpose(1, 2))
        rows = lambda t: torch.gather(t, 1, self.hidden[:, :, None].expand(-1, -1, t.shape[2]))
        masked = torch.zeros(8, 99).scatter_(1, self.hidden, 1)[:, :, None].bool()
        seen = torch.where(masked, self.mask_token, self.project(features))
        context = self.of_context(rows(self.body(self.norm(self.positions(seen)))))

        logits = self.choose(rows(features)).reshape(8 * 48, 2, 320)
        noise = -torch.empty_like(logits).exponential_().log()
        soft = ((logits + noise) / 2.0).softmax(-1)
        chosen = F.one_hot((logits + noise).argmax(-1), 320).float()
        through = chosen - soft.detach() + soft
        code = (through.transpose(0, 1) @ self.codes).transpose(0, 1).reshape(8, 48, 256)
        contrast = self.contrast(context, self.of_codes(code), chosen.reshape(8, 48, 640))
        shares = logits.softmax(-1).mean(0)
        diversity = 1 - torch.exp(-(shares * (shares + 1e-7).log()).sum(-1)).sum() / 640
        return contrast + 0.1 * diversity

    def contrast(self, context, targets, chosen):
        context, targets = F.normalize(context, dim=-1), F.normalize(targets, dim=-1)
        similar = context @ targets.transpose(1, 2) / 0.1
        positive = (context * targets).sum(-1) / 0.1
        counts = torch.where(chosen @ chosen.transpose(1, 2) > 1.5, torch.zeros(()), self.drawn)
        weighted = torch.where(counts > 0, similar + counts.clamp(min=1).log(), torch.full((), -1e9))
        return (torch.cat([positive[:, :, None], weighted], 2).logsumexp(-1) - positive).mean()


class GatheredWav2vec2(Wav2vec2):
    """With the distractors gathered, `[100, batch, places, width]`, as fairseq and Hugging Face's Transformers do it."""

    def contrast(self, context, targets, chosen):
        others = (torch.randint(47, (8, 48, 100)) + torch.arange(1, 48 + 1)[:, None]) % 48
        rows = (others + 48 * torch.arange(8)[:, None, None]).reshape(-1)
        negatives = targets.reshape(8 * 48, 256)[rows].reshape(8, 48, 100, 256).permute(2, 0, 1, 3)
        is_positive = (targets == negatives).all(-1)
        logits = torch.cosine_similarity(context, torch.cat([targets[None], negatives]), dim=-1) / 0.1
        logits = torch.cat([logits[:1], logits[1:].masked_fill(is_positive, float("-inf"))])
        return F.cross_entropy(logits.permute(1, 2, 0).reshape(8 * 48, 101), torch.zeros(8 * 48, dtype=torch.long))


class VideoMae(nn.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.body, self.project = nn.Linear(384, 192), blocks(192, 3, 12), nn.Linear(192, 96)
        self.mask_token, self.decoder, self.predict = nn.Parameter(torch.zeros(1, 1, 96)), blocks(96, 3, 2), nn.Linear(96, 384)
        self.positions, self.decoder_positions = torch.randn(1, 512, 192), torch.randn(1, 512, 96)
        self.clips = torch.randn(16, 3, 16, 64, 64)

    def forward(self):
        patches = self.clips.reshape(16, 3, 8, 2, 8, 8, 8, 8).permute(0, 2, 4, 6, 3, 5, 7, 1).reshape(16, 512, 384)
        order = torch.rand(16, 1, 64).argsort(2) + 64 * torch.arange(8)[:, None]
        order = torch.cat([order[:, :, :6].reshape(16, 48), order[:, :, 6:].reshape(16, 464)], 1)
        keep, back = order[:, :48], order.argsort(1)
        rows = lambda x, index: torch.gather(x, 1, index[:, :, None].expand(-1, -1, x.shape[2]))
        visible = self.body(self.patch(rows(patches, keep)) + rows(self.positions.expand(16, -1, -1), keep))
        latent = torch.cat([self.project(visible), self.mask_token.expand(16, 464, -1)], 1)
        prediction = self.predict(self.decoder(rows(latent, back) + self.decoder_positions))
        target = (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6) ** 0.5
        mask = torch.ones(16, 512).scatter_(1, keep, 0)
        return (((prediction - target) ** 2).mean(-1) * mask).sum() / mask.sum()


signals = {
    "audio": Audio,
    "strided": Strided,
    "dilated": Dilated,
    "grouped": Grouped,
    "wav2vec2": Wav2vec2,
    "wav2vec2-gathered": GatheredWav2vec2,
    "videomae": VideoMae,
}
