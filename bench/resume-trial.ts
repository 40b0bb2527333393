/** One proof of resuming: a training process killed with `kill -9`, continued, and compared with one left alone. */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
const data = fileURLToPath(new URL("../examples/omniglot/data/images_background_small1.zip", import.meta.url));
const options =
  "--method simclr --image-size 28 --encoder resnet --layers 8 --width 4 --stem stride2 --batch-size 64 --log-every 1 --checkpoint-every 7 --workers 1 --ema 0.9".split(
    " ",
  );

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Runs the command line; with `killAtStep`, kills it for good once that many rows are written. */
function autodidact(args: readonly string[], run: string, killAtStep?: number): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const watch =
    killAtStep === undefined
      ? undefined
      : setInterval(async () => {
          if ((await rowsOf(run)).length >= killAtStep) child.kill("SIGKILL");
        }, 5);
  return new Promise((resolve) => {
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      resolve({ code, signal, stderr });
    });
  });
}

const rowsOf = async (run: string): Promise<string[]> =>
  (await readFile(`${run}/metrics.jsonl`, "utf8").catch(() => "")).split("\n").filter((line) => line.endsWith("}"));

/** What must be the same to the last bit: everything but the clock. */
const learned = async (run: string): Promise<string[]> =>
  (await rowsOf(run)).map((line) => {
    const { samplesPerSecond, waitFraction, seconds, ...rest } = JSON.parse(line);
    return JSON.stringify(rest);
  });

/** A run that is left alone, for as many epochs. @returns its rows */
export async function uninterrupted(run: string, epochs: number): Promise<string[]> {
  const { code, stderr } = await autodidact(
    ["pretrain", data, "--out", run, "--epochs", String(epochs), ...options],
    run,
  );
  if (code !== 0) throw new Error(stderr);
  return learned(run);
}

/** A run that is killed after `killAtStep` rows and resumed. @returns the rows in the end, and where it was killed */
export async function killedAndResumed(
  run: string,
  epochs: number,
  killAtStep: number,
): Promise<{ rows: string[]; killedAt: number }> {
  const first = await autodidact(
    ["pretrain", data, "--out", run, "--epochs", String(epochs), ...options],
    run,
    killAtStep,
  );
  if (first.signal !== "SIGKILL") throw new Error(`the run was over before it could be killed: ${first.stderr}`);
  const killedAt = (await rowsOf(run)).length;
  const second = await autodidact(["pretrain", data, "--resume", run], run);
  if (second.code !== 0) throw new Error(second.stderr);
  return { rows: await learned(run), killedAt };
}
