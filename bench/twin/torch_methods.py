"""SimCLR, MAE and DINO in PyTorch, each written from its paper and the authors' code."""
import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_networks import Block, DinoHead, Projector, ResNet10, ViT, linear, patchify, sin_cos_positions


class SimCLR(nn.Module):
    """Chen et al. 2020, https://arxiv.org/abs/2002.05709"""

    def __init__(self, encoder, options, **_):
        super().__init__()
        self.encoder = ResNet10(encoder["width"])
        self.projector = Projector(self.encoder.width, options["projectionDim"])
        self.temperature = options["temperature"]

    def loss(self, batch, progress):
        views = torch.cat([batch["first.pixels"], batch["second.pixels"]])
        z = F.normalize(self.projector(self.encoder(views)), dim=1)
        logits = z @ z.T / self.temperature
        logits = logits.masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf)
        return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z) // 2))

    def after_step(self, progress):
        pass

    def learned(self):
        return self.encoder


class MAE(nn.Module):
    """He et al. 2021, https://arxiv.org/abs/2111.06377; without a class token, as ours where the encoder pools by the mean."""

    def __init__(self, encoder, options, **_):
        super().__init__()
        width, patch = options["decoderWidth"], encoder["patchSize"]
        self.encoder = ViT(encoder["width"], encoder["depth"], encoder["heads"], patch)
        self.project = linear(encoder["width"], width)
        self.maskToken = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, width), std=0.02, a=-0.04, b=0.04))
        self.blocks = nn.ModuleList([Block(width, options["decoderHeads"]) for _ in range(options["decoderDepth"])])
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.predict = linear(width, 3 * patch * patch)
        self.register_buffer("place", sin_cos_positions(32 // patch, width), persistent=False)

    def loss(self, batch, progress):
        images, keep = batch["image.pixels"], batch["keep"].long()
        visible = self.project(self.encoder.tokens(images, keep))
        x = self.maskToken.expand(len(images), len(self.place), -1)
        x = x.scatter(1, keep[:, :, None].expand(-1, -1, x.shape[2]), visible) + self.place
        for block in self.blocks:
            x = block(x)
        prediction = self.predict(self.norm(x))
        target = patchify(images, self.encoder.patch_size)
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
        mask = torch.ones(len(images), len(self.place)).scatter(1, keep, 0.0)
        return (((prediction - target) ** 2).mean(-1) * mask).sum() / mask.sum()

    def after_step(self, progress):
        pass

    def learned(self):
        return self.encoder


class DINO(nn.Module):
    """Caron et al. 2021, https://arxiv.org/abs/2104.14294, as in https://github.com/facebookresearch/dino."""

    def __init__(self, encoder, options, **_):
        super().__init__()
        self.options = options
        self.encoder = ResNet10(encoder["width"])
        self.head = DinoHead(self.encoder.width, options["hiddenDim"], options["bottleneckDim"], options["prototypes"])
        self.start()

    def start(self):
        """The teacher begins as the student, and is none of the trained parameters."""
        self.__dict__["teacher"] = copy.deepcopy(nn.ModuleList([self.encoder, self.head])).requires_grad_(False)
        self.__dict__["center"] = torch.zeros(self.options["prototypes"])

    def loss(self, batch, progress):
        options = self.options
        crops = lambda name: [batch[key] for key in sorted(batch) if key.startswith(name)]
        wide, small = crops("global."), crops("local.")
        with torch.no_grad():
            teacher = self.teacher[1](self.teacher[0](torch.cat(wide))).chunk(len(wide))
            risen = min(1, progress / max(options["teacherWarmup"], 1e-6))
            low, high = options["warmupTeacherTemperature"], options["teacherTemperature"]
            targets = [F.softmax((one - self.center) / (low + (high - low) * risen), -1) for one in teacher]
            momentum = options["centerMomentum"]
            self.__dict__["center"] = self.center * momentum + torch.cat(teacher).mean(0) * (1 - momentum)
        features = torch.cat([self.encoder(torch.cat(size)) for size in (wide, small) if size])
        student = (self.head(features) / options["studentTemperature"]).chunk(len(wide) + len(small))
        terms = [
            -(target * F.log_softmax(one, -1)).sum(-1).mean()
            for at, target in enumerate(targets)
            for other, one in enumerate(student)
            if other != at
        ]
        return sum(terms) / len(terms)

    def before_update(self, progress):
        if progress < self.options["frozenPrototypes"]:
            self.head.last.weight.grad = None

    @torch.no_grad()
    def after_step(self, progress):
        momentum = 1 - (1 - self.options["momentum"]) * (math.cos(math.pi * progress) + 1) / 2
        for old, new in zip(self.teacher.parameters(), nn.ModuleList([self.encoder, self.head]).parameters()):
            old.mul_(momentum).add_(new, alpha=1 - momentum)

    def learned(self):
        return self.teacher[0]


methods = {"simclr": SimCLR, "mae": MAE, "dino": DINO}
