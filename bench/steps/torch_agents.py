"""Updates of TD3 and of TD3 with SALE's embeddings in PyTorch, after the authors' code: sfujim/TD3, sfujim/TD7. HalfCheetah's sizes."""
import torch, torch.nn as nn, torch.nn.functional as F

BATCH, STATES, ACTIONS, WIDTH = 256, 17, 6, 256


def norm(x):
    return x / x.abs().mean(-1, keepdim=True).clamp(min=1e-8)


class Reader(nn.Module):
    def __init__(self, inputs, outputs, embedding, activation):
        super().__init__()
        self.embedding, self.activation = embedding, activation
        self.first, self.last = nn.Linear(inputs, WIDTH), nn.Linear(WIDTH, outputs)
        hidden = [nn.Linear(WIDTH + embedding, WIDTH)] if embedding else []
        self.hidden = nn.ModuleList([*hidden, nn.Linear(WIDTH, WIDTH)])

    def forward(self, x, embeddings):
        x = self.first(x)
        x = torch.cat([norm(x), *embeddings], 1) if self.embedding else self.activation(x)
        for layer in self.hidden:
            x = self.activation(layer(x))
        return self.last(x)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        stack = lambda inputs: nn.Sequential(nn.Linear(inputs, WIDTH), nn.ELU(), nn.Linear(WIDTH, WIDTH), nn.ELU(), nn.Linear(WIDTH, WIDTH))
        self.state, self.pair = stack(STATES), stack(WIDTH + ACTIONS)

    def zs(self, state):
        return norm(self.state(state))

    def zsa(self, zs, action):
        return self.pair(torch.cat([zs, action], 1))


class Agent:
    """`step` is one update; every second one trains the actor."""

    def __init__(self, sale):
        self.sale, self.index = sale, 0
        width, activation = (WIDTH if sale else 0), (F.elu if sale else F.relu)
        actor = lambda: Reader(STATES, ACTIONS, width, F.relu)
        critics = lambda: nn.ModuleList([Reader(STATES + ACTIONS, 1, 2 * width, activation) for _ in (0, 1)])
        self.actor, self.actor_target, self.critics, self.critic_targets = actor(), actor(), critics(), critics()
        self.encoder, self.fixed, self.fixed_target = Encoder(), Encoder(), Encoder()
        self.critic_step, self.actor_step, self.encoder_step = (
            torch.optim.Adam(each.parameters(), lr=3e-4) for each in (self.critics, self.actor, self.encoder)
        )
        self.state, self.after, self.action = torch.randn(BATCH, STATES), torch.randn(BATCH, STATES), torch.rand(BATCH, ACTIONS) * 2 - 1
        self.reward, self.goes_on = torch.randn(BATCH, 1), torch.ones(BATCH, 1)

    def values(self, critics, state, action, embeddings):
        return torch.cat([each(torch.cat([state, action], 1), embeddings) for each in critics], 1)

    def step(self):
        self.index += 1
        with torch.no_grad():
            noise = (torch.randn_like(self.action) * 0.2).clamp(-0.5, 0.5)
            zs = [self.fixed_target.zs(self.after)] if self.sale else []
            action = (torch.tanh(self.actor_target(self.after, zs)) + noise).clamp(-1, 1)
            pair = [self.fixed_target.zsa(zs[0], action), *zs] if self.sale else []
            value = self.values(self.critic_targets, self.after, action, pair).min(1, keepdim=True)[0]
            goal = self.reward + self.goes_on * 0.99 * (value.clamp(-100, 100) if self.sale else value)
            if self.sale:
                float(goal.max()), float(goal.min())
            zs = [self.fixed.zs(self.state)] if self.sale else []
            pair = [self.fixed.zsa(zs[0], self.action), *zs] if self.sale else []
        if self.sale:
            with torch.no_grad():
                following = self.encoder.zs(self.after)
            encoder_loss = F.mse_loss(self.encoder.zsa(self.encoder.zs(self.state), self.action), following)
            self.encoder_step.zero_grad()
            encoder_loss.backward()
            self.encoder_step.step()
        errors = (self.values(self.critics, self.state, self.action, pair) - goal).abs()
        loss = torch.where(errors < 1, 0.5 * errors.pow(2), errors).sum(1).mean() if self.sale else errors.pow(2).sum(1).mean()
        self.critic_step.zero_grad()
        loss.backward()
        self.critic_step.step()
        if self.sale:
            errors.max(1)[0].clamp(min=1).pow(0.4)
        if self.index % 2 == 0:
            action = torch.tanh(self.actor(self.state, zs))
            pair = [self.fixed.zsa(zs[0], action), *zs] if self.sale else []
            critics = self.critics if self.sale else self.critics[:1]
            actor_loss = -self.values(critics, self.state, action, pair).mean()
            self.actor_step.zero_grad()
            actor_loss.backward()
            self.actor_step.step()
            if not self.sale:
                for target, network in ((self.critic_targets, self.critics), (self.actor_target, self.actor)):
                    for mine, theirs in zip(target.parameters(), network.parameters()):
                        mine.data.copy_(0.005 * theirs.data + 0.995 * mine.data)
        return loss.item()


agents = {"td3": lambda: Agent(False), "td3+sale": lambda: Agent(True)}
