/** Agents learn what they are for, in worlds that take seconds. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findAgent } from "../../src/agents/index.ts";
import { buildTeam } from "../../src/agents/team.ts";
import { float32, Rng } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";
import { learn } from "../../src/index.ts";
import { programsOf } from "../../src/training/agents/programs.ts";
import { readRows } from "../../src/training/run/metrics.ts";
import { fill } from "../fixtures/torch/reference.ts";
import { inFolder } from "../support/cli.ts";

type Rows = readonly Readonly<Record<string, number | undefined>>[];
const board = fileURLToPath(new URL("board.ts", import.meta.url));

test("curl: other crops of images are found among a batch's better than at first", async () => {
  const space = { camera: box([2, 12, 12], 0, 1) };
  const spaces = { observation: space, action: discrete(3) };
  const team = buildTeam(await findAgent("dqn+curl"), spaces, { dqnWidth: 32, shift: 2 });
  const programs = programsOf(team, space, { learningRate: 1e-3, batchSize: 16 }, new Rng(0));
  const flat = (value: number) => float32(new Float32Array(16).fill(value), [16, 1]);
  // Noisy images of two colours each.
  const colours = fill("colours", [16, 2], 0.3, 0.5).data;
  const pixels = fill("noise", [16, 2, 2, 12, 12], 0.2).data.map(
    (value, at) => value + colours[2 * Math.floor(at / 576) + (Math.floor(at / 144) % 2)]!,
  );
  const windows = {
    observation: { camera: float32(Float32Array.from(pixels), [16, 2, 2, 12, 12]) },
    onward: { camera: fill("onward", [16, 2, 12, 12], 0.5, 0.5) },
    action: float32(new Float32Array(16), [16, 1, 1]),
    ...{ reward: flat(0), bonus: flat(0), terminated: flat(1), valid: flat(1) },
  };
  let state = programs.begin(new Rng(0));
  const accuracies: number[] = [];
  for (let index = 0; index < 60; index++) {
    const result = await programs.update(state, windows, new Rng(index), index, 0);
    state = result.state;
    accuracies.push(result.metrics["curl/accuracy"]!);
  }
  await programs.dispose();
  const mean = (some: readonly number[]) => some.reduce((sum, each) => sum + each, 0) / some.length;
  const [first, last] = [mean(accuracies.slice(0, 5)), mean(accuracies.slice(-10))];
  assert.ok(last > first + 0.2 && last > 0.5, `${first}, ${last}`);
});

/** The rows of a run and its evaluations' successes. */
const learned = (
  choices: Omit<Parameters<typeof learn>[0], "out">,
  judge: (rows: Rows, successes: boolean[][]) => void,
) =>
  inFolder(async (folder) => {
    const out = join(folder, "run");
    await learn({ ...choices, out });
    const text = await readFile(join(out, "seed-0", "evaluations.jsonl"), "utf8");
    const evaluations: { successes: boolean[] }[] = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    judge(
      (await readRows(join(out, "seed-0", "metrics.jsonl"))) as unknown as Rows,
      evaluations.map(({ successes }) => successes),
    );
  });

test("beside dqn, from images, spr learns to predict the next latents and icm the actions", { timeout: 120_000 }, () =>
  learned(
    {
      environment: board,
      method: "dqn+spr:2+icm",
      options: { dqnWidth: 32, sprWidth: 32, icmWidth: 32, steps: 2 },
      learning: { steps: 600, logEvery: 100, evaluateEvery: 600, episodes: 2 },
    },
    (rows) => {
      const [first, last] = [rows[1]!, rows.at(-1)!];
      assert.ok(last["spr/cosine"]! > first["spr/cosine"]! && last["spr/cosine"]! > 0.8, "spr");
      assert.ok(last["icm/accuracy"]! > 0.7, `icm: ${last["icm/accuracy"]}`);
    },
  ),
);

test(
  "in Deep Sea, rnd of choices finds what chance finds once in 1,024 episodes, and dqn learns to return to it",
  { timeout: 120_000 },
  () =>
    learned(
      {
        environment: "deep-sea",
        method: "dqn+rnd",
        environmentOptions: { size: 10, mapping: 2000 },
        options: { epsilon: 0.01, epsilonSteps: 0, of: "choice", optimism: 10, bonusDiscount: 0.95 },
        learning: { steps: 3500, logEvery: 100, evaluateEvery: 3500, episodes: 1 },
      },
      (rows, successes) => {
        // Rows of ten episodes.
        const shares = rows.map(({ success = 0 }) => success);
        assert.ok(shares.some((share) => share > 0));
        assert.ok(shares.slice(-10).reduce((sum, share) => sum + share, 0) / 10 > 0.3, String(shares));
        assert.deepEqual(successes, [[true]]);
      },
    ),
);
