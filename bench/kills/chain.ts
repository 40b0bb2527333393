import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
  /** Kills while it started, before it had taken a step. */
  starting: number;
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

/** When a run is killed: so long after it began, or after it has written so many rows of its metrics, in milliseconds. */
interface Moment {
  readonly rows?: number;
  readonly after: number;
}

/** Rows of a run's metrics so far; an agent's run has them for each seed. */
async function rowsOf(run: string): Promise<number> {
  const texts = ["", "seed-0", "seed-1"].map((seed) =>
    readFile(join(run, seed, "metrics.jsonl"), "utf8").catch(() => ""),
  );
  return (await Promise.all(texts)).join("").split("\n").length - 1;
}

/** Runs the command line. @param run its folder @returns whether it was killed, and how long it took in milliseconds */
async function autodidact(args: readonly string[], run: string, moment?: Moment) {
  const started = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  let isOver = false;
  const kill = async ({ rows = 0, after }: Moment) => {
    while (!isOver && (await rowsOf(run)) < rows) await sleep(3);
    await sleep(after);
    child.kill("SIGKILL");
  };
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  const killing = moment && kill(moment);
  const { code, signal } = await ended;
  isOver = true;
  const milliseconds = performance.now() - started;
  await killing;
  if (code !== 0 && signal !== "SIGKILL")
    throw new Error(
      `${args.slice(0, 2).join(" ")} … ended with ${code ?? signal}: ${stderr.trim().split("\n").at(-1)}`,
    );
  return { killed: signal === "SIGKILL", milliseconds };
}

/** Most kills of one run before it may finish, and most faults before the rest is not worth its time. */
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
  const tallies = chosen.map(({ name }): Tally => ({ stage: name, runs: 0, kills: 0, starting: 0, faults: [] }));
  try {
    await mkdir(chain);
    await writeData(chain);
    const alone = new Map<Stage, { milliseconds: number; rows: number }>();
    for (const stage of needed) {
      const out = join(chain, stage.name);
      const { milliseconds } = await autodidact(commandLine(stage, chain), out);
      alone.set(stage, { milliseconds, rows: await rowsOf(out) });
    }
    await mkdir(whole);
    const putAside = async (stage: Stage) => rename(join(chain, stage.name), join(whole, stage.name));
    for (const stage of needed) await putAside(stage);

    const rng = new Rng(seed);
    const done = () => tallies.reduce((sum, tally) => sum + tally.kills, 0);
    const faults = () => tallies.flatMap((tally) => tally.faults).length;
    while (done() < count && faults() <= MOST) {
      for (const stage of needed) {
        const out = join(chain, stage.name);
        const tally = tallies.find((one) => one.stage === stage.name);
        try {
          let killed = 0;
          for (let left = tally ? rng.integer(1, MOST) : 0; left > 0 && done() < count; left--) {
            const [before, { milliseconds = 0, rows = 0 } = {}] = [await rowsOf(out), alone.get(stage)];
            // Most of a short run is its start; most kills are to fall on steps and on the checkpoints between them.
            const moment = rng.chance(0.3)
              ? { after: rng.uniform(0, milliseconds) }
              : { rows: rng.integer(before + 1, Math.max(before + 1, rows - 1)), after: rng.uniform(0, 50) };
            if (!(await autodidact(commandLine(stage, chain), out, moment)).killed) break;
            killed++;
            tally!.kills++;
            if ((await rowsOf(out)) <= before) tally!.starting++;
          }
          await autodidact(commandLine(stage, chain), out);
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
