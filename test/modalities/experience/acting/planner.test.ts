import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../../src/array/index.ts";
import { deepSea } from "../../../../src/environments/deep-sea.ts";
import type { Policy } from "../../../../src/environments/environment.ts";
import { grasp } from "../../../../src/environments/grasp.ts";
import { UserError } from "../../../../src/foundation/errors.ts";
import { pretrain } from "../../../../src/index.ts";
import { exploring } from "../../../../src/modalities/experience/acting/explore.ts";
import { plannerOf } from "../../../../src/modalities/experience/acting/planner.ts";
import { play } from "../../../../src/modalities/experience/acting/play.ts";
import { attempt, type Episode } from "../../../../src/modalities/experience/record/episode.ts";
import { openRecorder } from "../../../../src/modalities/experience/record/recorder.ts";
import { methodOf } from "../../../../src/training/run/run.ts";
import { autodidact, inFolder } from "../../../support/cli.ts";

const [ATTEMPTS, SCENES] = [200, 30];
const options = grasp.options.parse({});

test("after some hundred tries a robot grasps far better than by chance, and than untrained; nobody labelled anything", () =>
  inFolder(async (folder) => {
    using environment = await grasp.make(options);
    const random = grasp.baselines!.random!(options);
    const tries = join(folder, "tries");
    const recorder = await openRecorder(
      tries,
      { definition: grasp, spaces: environment, environment: "grasp", options, seed: 0, versions: {} },
      "random",
    );
    const episodes: Episode[] = [];
    for (let index = 0; index < ATTEMPTS; index++)
      episodes.push(await attempt(environment, grasp, { seed: 0, index, policy: random }));
    await recorder.write(episodes, ATTEMPTS);
    const run = await pretrain({
      ...{ data: tries, out: join(folder, "run"), method: "grasp-outcome", encoder: "resnet" },
      options: { symmetric: true },
      encoderOptions: { layers: "8", width: 8, stem: "stride2" },
      training: {
        ...{ epochs: 45, batchSize: 50, optimizer: "adamw", learningRate: 3e-3, weightDecay: 0.01, ema: 0.97 },
        ...{ workers: 0, threads: 1, logEvery: 25 },
      },
    });
    const shared = { environment, definition: grasp, episodes: SCENES, seed: 1 };
    const share = async (policy: Policy) => {
      const { successes = [] } = await play({ ...shared, policy });
      return successes.filter(Boolean).length / SCENES;
    };
    const planner = await plannerOf(run, grasp, options);
    const { method } = await methodOf(run);
    const untrained = await plannerOf({ ...run, methodParams: method.init(new Rng(5)) }, grasp, options);
    try {
      const [learned, before, chance] = [await share(planner), await share(untrained), await share(random)];
      assert.ok(
        learned > before + 0.25 && learned > chance + 0.25,
        `${learned}, untrained ${before}, random ${chance}`,
      );

      const observation = environment.reset(77);
      const thought = await planner.think(observation, new Rng(4));
      assert.deepEqual(thought, await planner.think(observation, new Rng(4)));
      assert.equal(thought.chosen, thought.success.indexOf(Math.max(...thought.success)));
      assert.deepEqual(await planner.act(observation, new Rng(4)), thought.plans[thought.chosen]);
      // More plans than one run of the program takes, and fewer, are judged alike.
      const many = await planner.judge(observation, [...thought.plans, ...thought.plans.slice(0, 7)]);
      assert.deepEqual(many.subarray(0, 150), thought.success);
      assert.deepEqual(many.subarray(150), thought.success.subarray(0, 7));
      // A gripper does the same from both sides, and so does what judges it.
      const turned = thought.plans.map(([x = 0, y = 0, angle = 0]) => Float32Array.of(x, y, angle + Math.PI));
      const again = await planner.judge(observation, turned);
      assert.ok(again.every((value, at) => Math.abs(value - thought.success[at]!) < 1e-3));
    } finally {
      await planner.dispose();
      await untrained.dispose();
    }
    await assert.rejects(
      plannerOf(run, deepSea, {}),
      (error) => error instanceof UserError && /no plans/.test(error.message),
    );
  }));

test("exploring does what another policy would in a share of the steps", async () => {
  const constant = (value: number): Policy => ({ act: () => Float32Array.of(value) });
  const rng = new Rng(0);
  let others = 0;
  const policy = exploring(constant(0), constant(1));
  for (let step = 0; step < 1000; step++) others += (await policy.act({}, rng))[0]!;
  assert.ok(others > 60 && others < 140, String(others));
});

test("act names what is wrong in one line", () =>
  inFolder(async (folder) => {
    for (const [args, message] of [
      [[join(folder, "none")], /not a run/],
      [[join(folder, "none"), "--env", "lunar"], /unknown environment "lunar"; there are: .*grasp/],
      [[join(folder, "none"), "--env", "grasp", "--objects", "none"], /--objects none: must be a whole number/],
    ] as const) {
      const { code, stderr } = autodidact("act", ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split("\n").length, 1, stderr);
    }
  }));
