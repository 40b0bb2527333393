import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, truncate, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { agentReport, agentRows, evaluateAgent, learn, openAgent } from "../../../src/index.ts";
import { readSafetensors } from "../../../src/interop/safetensors.ts";
import { readRows } from "../../../src/training/run/metrics.ts";
import { inFolder } from "../../support/cli.ts";

const pendulum = fileURLToPath(new URL("pendulum.ts", import.meta.url));
const small = { td3Width: 16, saleWidth: 8, hidden: 16, every: 20 };
const choices = {
  environment: pendulum,
  method: "td3+sale",
  options: small,
  learning: { steps: 240, warmupSteps: 40, batchSize: 16, evaluateEvery: 120, episodes: 2, logEvery: 40 },
};

/** All that a run has learned and noted, without times. */
async function outcome(run: string) {
  const seed = join(run, "seed-0");
  const { tensors, metadata } = await readSafetensors(join(seed, "checkpoints", "last.safetensors"));
  const rows = (await readRows(join(seed, "metrics.jsonl"))).map((row) => ({ ...row, seconds: 0, stepsPerSecond: 0 }));
  return {
    tensors: [...tensors].sort(([a], [b]) => (a < b ? -1 : 1)),
    position: metadata.position,
    rows,
    evaluations: await readFile(join(seed, "evaluations.jsonl"), "utf8"),
    experience: await readFile(join(seed, "experience.f32")),
  };
}

test("a run that was stopped or killed comes to the same, bit for bit", { timeout: 120_000 }, () =>
  inFolder(async (folder) => {
    const whole = join(folder, "whole");
    await learn({ ...choices, out: whole });
    const expected = await outcome(whole);
    assert.equal(expected.rows.length, 6);

    // Stopped in the midst of an episode, and continued.
    const stopped = join(folder, "stopped");
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => step > 0 && controller.abort();
    const first = await learn({ ...choices, out: stopped, signal: controller.signal, onProgress });
    assert.ok(first.steps[0]!.step < 240);
    await learn({ out: stopped, resume: true });
    assert.deepEqual(await outcome(stopped), expected);

    // Killed, more than once, between checkpoints: what was written after them is cut off.
    const killed = join(folder, "killed");
    // A file is found again from any folder.
    const args = [
      "learn",
      relative(process.cwd(), pendulum),
      "--method",
      "td3+sale",
      "--out",
      killed,
      "--steps",
      "240",
      "--warmup-steps",
      "40",
    ];
    const flags = ["--batch-size", "16", "--evaluate-every", "120", "--episodes", "2", "--log-every", "40"];
    const nets = [
      "--td3-width",
      "16",
      "--sale-width",
      "8",
      "--hidden",
      "16",
      "--every",
      "20",
      "--checkpoint-every",
      "50",
    ];
    await killedAfter(start([...args, ...flags, ...nets]), 100, killed);
    await killedAfter(start(["learn", "--resume", killed, "--trust-code"]), 180, killed);
    await learn({ out: killed, resume: true });
    assert.deepEqual(await outcome(killed), expected);

    await using agent = await openAgent(killed);
    assert.equal(agent.step, 240);
    const { returns } = await agent.play(2, 0);
    const evaluated: { returns: number[] }[] = (await readFile(join(killed, "seed-0/evaluations.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(returns, evaluated.at(-1)!.returns);

    const evaluation = await evaluateAgent({ run: killed, episodes: 2, seed: 0 });
    assert.deepEqual(evaluation.seeds[0]!.returns, returns);
    assert.equal(evaluation.iqm.value, (returns[0]! + returns[1]!) / 2);
    assert.deepEqual(
      evaluation.baselines.map(({ name }) => name),
      ["random"],
    );
    assert.notDeepEqual(evaluation.baselines[0]!.returns, returns);
    const files = await agentReport(evaluation);
    assert.deepEqual(
      Object.keys(files),
      ["evaluation.json", "returns.svg", "curve.svg"].map((name) => join(killed, name)),
    );
    assert.equal(agentRows(evaluation).length, 3);

    // What is damaged or has changed is said in a line, and nothing is lost.
    const config = join(killed, "seed-0", "config.json");
    const text = await readFile(config, "utf8");
    assert.equal(JSON.parse(text).environment.name, pendulum);
    await writeFile(config, text.replace('"td3Width": 16', '"td3Width": 17'));
    await assert.rejects(openAgent(killed), /asks for float32 \[17,4\]; one of them has changed/);
    // Before memory for it is asked for.
    await writeFile(config, text.replace('"td3Width": 16', '"td3Width": 16384'));
    await assert.rejects(openAgent(killed), /the run's config\.json asks for more; one of them has changed/);
    await writeFile(config, text);
    await assert.rejects(learn({ ...choices, out: killed }), /there is a run already.*--resume/);
    await truncate(join(killed, "seed-0", "experience.f32"), 1000);
    await assert.rejects(
      learn({ out: killed, resume: true }),
      /experience\.f32: has 1000 bytes.*was cut off or replaced/,
    );
    await assert.rejects(learn({ out: folder, resume: true }), /no run of an agent/);
  }),
);

const start = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url)), ...args], {
    stdio: "ignore",
  });

/** Kills a process once its metrics have a row of this step. */
async function killedAfter(child: ChildProcess, step: number, run: string): Promise<void> {
  const ended = once(child, "exit");
  const file = join(run, "seed-0", "metrics.jsonl");
  for (;;) {
    const rows = existsSync(file) ? await readRows(file) : [];
    if (rows.some((row) => row.step >= step)) break;
    assert.equal(child.exitCode, null, "it ended before it was killed");
    await new Promise((done) => setTimeout(done, 5));
  }
  child.kill("SIGKILL");
  await ended;
}
