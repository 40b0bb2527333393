import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "../../src/array/rng.ts";
import { differences } from "./compare.ts";
import { commandLine, type Stage, stages, writeData } from "./stages.ts";

const cli = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

/** What became of one kind of run. */
export interface Tally {
  readonly stage: string;
  /** Runs that were killed at least once, and finished. */
  runs: number;
  kills: number;
  /** Kills before there was a first step. */
  early: number;
  /** Files that are not as if the run had been left alone, and resumes that failed. */
  readonly faults: string[];
}

export interface KillOptions {
  readonly count: number;
  readonly seed?: number;
  /** Names of stages; those that they begin from are run too, and not killed. */
  readonly only?: readonly string[];
  readonly onRun?: (line: string) => void;
}

/** Runs the command line. @param killAfter milliseconds until `kill -9` @returns whether it was killed, and how long it took */
function autodidact(args: readonly string[], killAfter?: number): Promise<{ killed: boolean; milliseconds: number }> {
  const started = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfter);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      if (code === 0 || signal === "SIGKILL")
        resolve({ killed: signal === "SIGKILL", milliseconds: performance.now() - started });
      else
        reject(
          new Error(
            `${args.slice(0, 2).join(" ")} … ended with ${code ?? signal}: ${stderr.trim().split("\n").at(-1)}`,
          ),
        );
    });
  });
}

const hasSteps = (run: string): Promise<boolean> =>
  readFile(join(run, "metrics.jsonl"), "utf8").then(
    (text) => text.includes("\n"),
    () => false,
  );

/** Most kills of one run before it may finish. */
const MOST = 5;

/**
 * Chains of runs, each killed at random moments and resumed until it is done, compared byte for byte with the same chain
 * left alone. Both lie in the same folder in turn, since paths are part of a run.
 */
export async function kills({ count, seed = 0, only, onRun }: KillOptions): Promise<Tally[]> {
  const root = await mkdtemp(join(tmpdir(), "autodidact-kills-"));
  const [chain, whole] = [join(root, "chain"), join(root, "whole")];
  const chosen = stages.filter(({ name }) => only?.includes(name) ?? true);
  const needed = stages.filter((stage) => chosen.includes(stage) || chosen.some(({ from }) => from === stage.name));
  const tallies = chosen.map(({ name }): Tally => ({ stage: name, runs: 0, kills: 0, early: 0, faults: [] }));
  try {
    await mkdir(chain);
    await writeData(chain);
    const durations = new Map<Stage, number>();
    for (const stage of needed) durations.set(stage, (await autodidact(commandLine(stage, chain))).milliseconds);
    await mkdir(whole);
    const putAside = async (stage: Stage) => rename(join(chain, stage.name), join(whole, stage.name));
    for (const stage of needed) await putAside(stage);

    const rng = new Rng(seed);
    const done = () => tallies.reduce((sum, tally) => sum + tally.kills, 0);
    while (done() < count) {
      for (const stage of needed) {
        const out = join(chain, stage.name);
        const tally = tallies.find((one) => one.stage === stage.name);
        try {
          let killed = 0;
          for (let left = tally ? rng.integer(1, MOST) : 0; left > 0 && done() < count; left--) {
            const ended = await autodidact(commandLine(stage, chain), rng.uniform(0, durations.get(stage)));
            if (!ended.killed) break;
            killed++;
            tally!.kills++;
            if (!(await hasSteps(out))) tally!.early++;
          }
          await autodidact(commandLine(stage, chain));
          if (!tally || killed === 0) continue;
          const different = await differences(out, join(whole, stage.name));
          tally.runs++;
          if (different.length > 0) tally.faults.push(`differ: ${different.join(", ")}`);
          onRun?.(
            `${stage.name}: killed ${killed} times; ${different.length === 0 ? "the same bytes" : tally.faults.at(-1)}`,
          );
        } catch (error) {
          tally?.faults.push(String(error));
          onRun?.(`${stage.name}: ${error}`);
        }
      }
      for (const stage of needed) await rm(join(chain, stage.name), { recursive: true, force: true });
    }
    return tallies;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
