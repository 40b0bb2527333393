"""Updates of TD3 and of TD3 with SALE's embeddings in PyTorch, after the authors' code: sfujim/TD3, sfujim/TD7. HalfCheetah's sizes.

And of DQN, with and without SPR of five steps: 100 numbers seen, two choices, batches of 32, networks of 64.
"""
import copy
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


class Dqn:
    def __init__(self, steps=1):
        self.trunk, self.head = nn.Sequential(nn.Linear(100, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU()), nn.Linear(64, 2)
        self.copies = [copy.deepcopy(self.trunk), copy.deepcopy(self.head)]
        self.seen, self.action = torch.randn(32, steps + 1, 100), torch.randint(2, (32, steps))
        self.reward, self.goes_on, self.index = torch.randn(32), torch.ones(32), 0
        self.trained = nn.ModuleList([self.trunk, self.head])
        self.optimizer = torch.optim.Adam(self.trained.parameters(), lr=3e-4)

    def loss(self):
        trunk, head = self.copies
        with torch.no_grad():
            best = self.head(self.trunk(self.seen[:, 1])).argmax(1, keepdim=True)
            goal = self.reward + 0.99 * self.goes_on * head(trunk(self.seen[:, 1])).gather(1, best)[:, 0]
        value = self.head(self.trunk(self.seen[:, 0])).gather(1, self.action[:, :1])[:, 0]
        return F.smooth_l1_loss(value, goal)

    def step(self):
        self.index += 1
        loss = self.loss()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        if self.index % 4 == 0:
            for mine, theirs in zip(self.copies, (self.trunk, self.head)):
                mine.load_state_dict(theirs.state_dict())
        return loss.item()


class Spr(Dqn):
    def __init__(self):
        super().__init__(5)
        self.hidden, self.next, self.project, self.predict = nn.Linear(66, 64), nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64)
        self.averaged = [self.trunk, self.head, self.project]
        self.averages = [copy.deepcopy(each) for each in self.averaged]
        self.trained.extend([self.hidden, self.next, self.project, self.predict])
        self.optimizer = torch.optim.Adam(self.trained.parameters(), lr=3e-4)

    def unit(self, z):
        low, high = z.amin(-1, keepdim=True), z.amax(-1, keepdim=True)
        return (z - low) / (high - low + 1e-5)

    def loss(self):
        trunk, _, project = self.averages
        with torch.no_grad():
            target = project(self.unit(trunk(self.seen[:, 1:].reshape(160, 100))))
        actions, latents = F.one_hot(self.action, 2).float(), []
        z = self.unit(self.trunk(self.seen[:, 0]))
        for step in range(5):
            z = self.unit(self.next(F.relu(self.hidden(torch.cat([z, actions[:, step]], 1)))))
            latents.append(z)
        predicted = self.predict(self.project(torch.stack(latents, 1).reshape(160, 64)))
        return super().loss() - 2 * F.cosine_similarity(predicted, target, dim=-1).sum() / 32

    def step(self):
        loss = super().step()
        with torch.no_grad():
            for mine, theirs in zip(self.averages, self.averaged):
                torch._foreach_mul_(list(mine.parameters()), 0.99)
                torch._foreach_add_(list(mine.parameters()), list(theirs.parameters()), alpha=0.01)
        return loss


agents = {"dqn": Dqn, "dqn+spr": Spr, "td3": lambda: Agent(False), "td3+sale": lambda: Agent(True)}
