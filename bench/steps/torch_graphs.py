"""The training step of graphs.ts in PyTorch: messages and bond embeddings of every edge, added up by index_add, as PyTorch Geometric does."""
import random
import torch, torch.nn as nn, torch.nn.functional as F

NODE_SIZES, EDGE_SIZES, WIDTH, DEPTH = [120, 5], [6, 4], 300, 5


def molecule(rng):
    """A tree with some rings, of MUV's sizes: 24.8 atoms and 26.5 bonds on average."""
    atoms = max(8, round(rng.gauss(24.8, 5.5)))
    bonds = [(rng.randint(max(0, at - 3), at), at + 1) for at in range(atoms - 1)]
    return atoms, bonds + [(first, first + 5) for first in (rng.randint(0, atoms - 6) for _ in range(rng.randint(1, 4)))]


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.bonds = nn.ModuleList(nn.Embedding(size + 1, WIDTH) for size in EDGE_SIZES)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.ReLU(), nn.Linear(2 * WIDTH, WIDTH))
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, x, source, target, kinds):
        messages = x[source] + self.bonds[0](kinds[:, 0]) + self.bonds[1](kinds[:, 1])
        return self.norm(self.mlp(torch.zeros_like(x).index_add(0, target, messages)))


class Molecules(nn.Module):
    def __init__(self):
        super().__init__()
        self.atoms = nn.ModuleList(nn.Embedding(size, WIDTH) for size in NODE_SIZES)
        self.layers, self.head = nn.ModuleList(Layer() for _ in range(DEPTH)), nn.Linear(WIDTH, NODE_SIZES[0])
        rng, first, pairs = random.Random(0), 0, []
        for _ in range(256):
            atoms, bonds = molecule(rng)
            pairs += [(first + a, first + b) for a, b in bonds]
            first += atoms
        there = torch.tensor(pairs)
        kinds = torch.stack([torch.randint(2, size, (len(pairs),)) for size in EDGE_SIZES], 1)
        loops = torch.arange(first)
        # Each bond both ways, and every atom to itself, with a type of its own.
        self.source = torch.cat([there[:, 0], there[:, 1], loops])
        self.target = torch.cat([there[:, 1], there[:, 0], loops])
        self.kinds = torch.cat([kinds, kinds, torch.tensor(EDGE_SIZES).expand(first, 2)])
        self.codes = torch.stack([torch.randint(2, size, (first,)) for size in NODE_SIZES], 1)
        self.rows = torch.randperm(first)[: round(0.15 * first)]
        self.labels = self.codes[self.rows, 0]
        self.codes[self.rows] = 1

    def forward(self):
        x = self.atoms[0](self.codes[:, 0]) + self.atoms[1](self.codes[:, 1])
        for index, layer in enumerate(self.layers):
            x = layer(x, self.source, self.target, self.kinds)
            x = F.relu(x) if index < DEPTH - 1 else x
        return F.cross_entropy(self.head(x[self.rows]), self.labels)


graphs = {"molecules": Molecules}
