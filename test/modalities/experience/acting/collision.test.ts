import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Rng } from "../../../../src/array/index.ts";
import type { Policy } from "../../../../src/environments/environment.ts";
import { navigate } from "../../../../src/environments/navigate.ts";
import { pretrain } from "../../../../src/index.ts";
import { plannerOf } from "../../../../src/modalities/experience/acting/planner.ts";
import { play } from "../../../../src/modalities/experience/acting/play.ts";
import { collect } from "../../../../src/modalities/experience/collect/collect.ts";
import { methodOf } from "../../../../src/training/run/run.ts";
import { autodidact, inFolder } from "../../../support/cli.ts";

const [ATTEMPTS, GOALS] = [350, 30];

test("after some hundred crashes a robot reaches most goals in worlds that it has never seen; untrained it reaches few", () =>
  inFolder(async (folder) => {
    const tries = join(folder, "tries");
    const collected = await collect({ environment: "navigate", attempts: ATTEMPTS, out: tries, workers: 0 });
    assert.equal(collected.episodes, ATTEMPTS);
    const options = navigate.options.parse({ goals: true, part: "validation" });
    const { steps } = navigate.planning!(options);
    const run = await pretrain({
      ...{ data: tries, out: join(folder, "run"), method: "collision" },
      encoderOptions: { width: 64, depth: 2 },
      modalityOptions: { horizon: steps },
      training: { epochs: 6, learningRate: 3e-3, workers: 0, threads: 1, logEvery: 25, seed: 0 },
    });
    using environment = await navigate.make(options);
    const reached = async (policy: Policy) => {
      const { successes = [] } = await play({ environment, definition: navigate, policy, episodes: GOALS, seed: 1 });
      return successes.filter(Boolean).length / GOALS;
    };
    const planner = await plannerOf(run, navigate, options);
    const { method } = await methodOf(run);
    const untrained = await plannerOf({ ...run, methodParams: method.init(new Rng(5)) }, navigate, options);
    try {
      const [after, before] = [await reached(planner), await reached(untrained)];
      assert.ok(after >= 0.6 && after > before + 0.3, `reached ${after}, untrained ${before}`);
    } finally {
      await planner.dispose();
      await untrained.dispose();
    }

    const { stdout } = autodidact("act", run.path, "--episodes", "3");
    assert.match(stdout, /SPL +collisions \/ 100 m/);
    for (const who of [/^the same, untrained +3 /m, /^random +3 /m, /^straight +3 /m, /^hand-written +3 /m])
      assert.match(stdout, who);
  }));
