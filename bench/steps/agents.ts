import { findAgent } from "../../src/agents/index.ts";
import { buildTeam } from "../../src/agents/team.ts";
import { type Rng, Rng as Seeded } from "../../src/array/index.ts";
import { type ActionSpace, box, discrete } from "../../src/environments/space.ts";
import { programsOf } from "../../src/training/agents/programs.ts";
import { Replay } from "../../src/training/agents/replay.ts";
import type { AgentCase } from "./parts.ts";

const [BATCH, STATES, ACTIONS, WIDTH] = [256, 17, 6, 256];

/** Products of a forward pass of linear layers, for one sample. */
const forward = (...widths: number[]) => widths.slice(1).reduce((sum, width, at) => sum + 2 * widths[at]! * width, 0);

/** Products of an update, the actor's counted half: forward, and twice that for gradients. */
const td3Flops = (): number => {
  const [actor, critic] = [forward(STATES, WIDTH, WIDTH, ACTIONS), forward(STATES + ACTIONS, WIDTH, WIDTH, 1)];
  const climb = 3 * actor + 2 * critic;
  return BATCH * (actor + 2 * critic + 6 * critic + climb / 2);
};

const saleFlops = (): number => {
  const [zs, zsa] = [forward(STATES, WIDTH, WIDTH, WIDTH), forward(WIDTH + ACTIONS, WIDTH, WIDTH, WIDTH)];
  const mixed = (embeddings: number) => 2 * embeddings * WIDTH * WIDTH;
  const actor = forward(STATES, WIDTH, WIDTH, WIDTH, ACTIONS) + mixed(1);
  const critic = forward(STATES + ACTIONS, WIDTH, WIDTH, WIDTH, 1) + mixed(2);
  const encoder = zs + 3 * (zs + zsa);
  const target = zs + zsa + actor + 2 * critic;
  // No gradient of the embeddings is needed.
  const critics = zs + zsa + 2 * (3 * critic - mixed(2));
  const climb = 3 * actor - mixed(1) + 2 * zsa + 2 * (2 * critic - mixed(1));
  return BATCH * (encoder + target + critics + climb / 2);
};

/** DQN as on Deep Sea: trained once, and what follows valued by the network and its copy. */
const dqnFlops = (): number => 32 * 5 * forward(100, 64, 64, 2);

/** Of five steps: the trunk once more, as trained; transitions, projection and prediction; the average's side. */
const sprFlops = (): number => {
  const [trunk, steps] = [forward(100, 64, 64), 5 * (forward(66, 64, 64) + forward(64, 64, 64))];
  return 32 * (3 * (trunk + steps) + 5 * (trunk + forward(64, 64)));
};

function agentCase(name: string, states: number, action: ActionSpace, flops: number): () => AgentCase {
  return () => ({
    updates: 2,
    flops,
    async start({ threads, profile, device }) {
      const named = await findAgent(name);
      const spaces = { observation: { state: box([states], -1, 1) }, action };
      const team = buildTeam(named, spaces, {});
      const batchSize = named.control.definition.recipe.batchSize ?? BATCH;
      const rng = new Seeded(0);
      const options = {
        learningRate: 3e-4,
        batchSize,
        device,
        ...(threads ? { threads } : {}),
        ...(profile ? { profile } : {}),
      };
      const programs = programsOf(team, spaces.observation, options, rng);
      const replay = filled(new Replay(spaces, 3000, team.hasPriorities), states, action, rng.split("memory"));
      let state = programs.begin(rng);
      let index = 0;
      return {
        async step() {
          let loss = 0;
          for (let each = 0; each < 2; each++, index++) {
            const drawn = replay.draw(batchSize, rng.split("replay", index));
            const windows = replay.windows(drawn, team.length, team.ownLength);
            const result = await programs.update(state, windows, rng.split("update", index), index, 0);
            if (result.priority) replay.prioritise(drawn, result.priority);
            state = result.state;
            loss = result.metrics.loss ?? Number.NaN;
          }
          return loss;
        },
        dispose: () => programs.dispose(),
      };
    },
  });
}

/** Experience of random numbers. */
function filled(replay: Replay, states: number, action: ActionSpace, rng: Rng): Replay {
  const seen = () => ({ state: Float32Array.from({ length: states }, () => rng.normal()) });
  replay.begin(seen());
  for (let step = 0; step < 2000; step++) {
    const taken =
      action.kind === "discrete"
        ? Float32Array.of(rng.integer(0, action.count - 1))
        : Float32Array.from({ length: ACTIONS }, () => rng.uniform(-1, 1));
    replay.step(taken, rng.normal(), "goes on", seen());
  }
  return replay;
}

const cheetah = box([ACTIONS], -1, 1);

/** One update, drawing from memory counted; of the two kinds of updates of TD3 the mean. */
export const agentCases: Readonly<Record<string, () => AgentCase>> = {
  td3: agentCase("td3", STATES, cheetah, td3Flops()),
  "td3+sale": agentCase("td3+sale", STATES, cheetah, saleFlops()),
  dqn: agentCase("dqn", 100, discrete(2), dqnFlops()),
  "dqn+spr": agentCase("dqn+spr:2", 100, discrete(2), dqnFlops() + sprFlops()),
};
