import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { environments } from "../../../environments/index.ts";
import { codeOf, UserError } from "../../../foundation/errors.ts";
import { fileError, makeFolder } from "../../../foundation/files.ts";
import { parseTornJson } from "../../../foundation/json.ts";
import { lockRun } from "../../../training/run/lock.ts";
import type { Episode } from "../record/episode.ts";
import { openRecorder, type Recorder, recordedIn } from "../record/recorder.ts";
import { type Attempted, type Attempts, attemptsHere, attemptsInThreads, type Task } from "./attempts.ts";
import { type Acting, actingText } from "./policy.ts";

/** A file is full with as many episodes, or as many frames. */
const [EPISODES, FRAMES] = [500, 10_000];
/** Attempts that are under way at a time, for each thread. */
const AHEAD = 4;
/** So many attempts that go wrong one after the other are no accident. */
const HOPELESS = 10;

/** How far `collect` is. */
export interface CollectProgress {
  /** Attempts that were made, of `attempts`. */
  readonly done: number;
  readonly attempts: number;
  /** Of the episodes so far those that fulfilled the task, where there is such a thing. */
  readonly succeeded: number | undefined;
  readonly episodes: number;
}

export interface CollectOptions {
  /** Name of the environment, or the path of its file. */
  readonly environment: string;
  /** Options of the environment; the others have their defaults. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Attempts in the end, those that are there already included. */
  readonly attempts: number;
  /** Folder of the recording; one that was begun is gone on with. */
  readonly out: string;
  readonly seed?: number;
  /** Who acts; by default the environment's random policy. */
  readonly acting?: Acting;
  /** Threads; 0 for none beside this one. By default one for each core. What is recorded is the same for any number. */
  readonly workers?: number;
  /** Saves what is there, and stops. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: CollectProgress) => void;
  readonly onNote?: (note: string) => void;
}

/** What was recorded. */
export interface Collected {
  readonly episodes: number;
  readonly frames: number;
  readonly attempts: number;
  readonly succeeded: number | undefined;
}

/**
 * Records attempts at an environment's task: trial and error, in threads. Attempt i depends on the seed and i alone, so that
 * what is recorded is the same for any number of threads, and after a process that was killed. Files appear when they are
 * complete: a killed process loses the attempts of one file at most, and calling it again goes on.
 * @throws UserError when the folder holds a recording of something else, or nothing can be recorded
 *
 * @example
 * const { episodes } = await collect({ environment: "deep-sea", attempts: 1000, out: "tries" });
 */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { environment, out, seed = 0, attempts, signal, onProgress, onNote } = options;
  const { acting = { policy: "random" }, workers = availableParallelism() } = options;
  const definition = await environments.load(environment);
  const settled = definition.options.parse(options.options ?? {});
  await refuseOtherFolder(out);
  const meta = join(out, "meta");
  await makeFolder(meta);
  const lock = await lockRun(meta, undefined, "recorded");
  try {
    using world = await definition.make(settled);
    const recorded = {
      ...{ definition, spaces: world, environment, options: settled, seed },
      versions: await versions(),
    };
    const recorder = await openRecorder(out, recorded, actingText(acting));
    const progress = (done: number, episodes: readonly Episode[]) =>
      onProgress?.({
        ...{ done, attempts, episodes: recorder.episodes + episodes.length },
        succeeded:
          recorder.succeeded === undefined
            ? undefined
            : recorder.succeeded + episodes.filter(({ succeeded }) => succeeded).length,
      });
    if (recorder.attempts > 0) onNote?.(`${out}: goes on after ${recorder.attempts.toLocaleString("en")} attempts`);
    progress(recorder.attempts, []);
    if (recorder.attempts < attempts && !signal?.aborted) {
      recorder.acts(actingText(acting));
      const task: Task = { environment, options: settled, seed, acting };
      const threads = workers > 0 ? attemptsInThreads(task, workers) : await attemptsHere(task);
      try {
        const ahead = Math.max(1, AHEAD * workers);
        await record({ recorder, threads, attempts, ahead, signal, progress, check: () => lock.check(), onNote });
      } finally {
        await threads.close();
      }
    }
    const { episodes, frames, succeeded } = recorder;
    return { episodes, frames, attempts: recorder.attempts, succeeded };
  } finally {
    await lock.release();
  }
}

/** @throws UserError when the folder has files of its user, and no recording */
async function refuseOtherFolder(out: string): Promise<void> {
  const names = await readdir(out).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw fileError(out, "read", error);
  });
  const foreign = names.find((name) => !name.startsWith(".") && name !== "meta" && name !== "data");
  if (foreign !== undefined && !(await recordedIn(out)))
    throw new UserError(`${out}: not empty, and no recording in it (but "${foreign}"); name a new folder`);
}

interface Recording {
  readonly recorder: Recorder;
  readonly threads: Attempts;
  readonly attempts: number;
  /** Attempts under way at a time. */
  readonly ahead: number;
  readonly signal: AbortSignal | undefined;
  progress(done: number, episodes: readonly Episode[]): void;
  check(): Promise<void>;
  readonly onNote: ((note: string) => void) | undefined;
}

/** Makes attempts and writes them in the order of their numbers, whichever comes first. */
async function record(recording: Recording): Promise<void> {
  const { recorder, threads, attempts, ahead, signal, progress, check, onNote } = recording;
  const underWay = new Map<number, Promise<Attempted>>();
  const first = recorder.attempts;
  let [next, asked, wrong] = [first, first, 0];
  let episodes: Episode[] = [];
  let [made, frames] = [0, 0];
  const write = async () => {
    if (episodes.length === 0) return;
    await check();
    await recorder.write(episodes, made);
    [episodes, made, frames] = [[], 0, 0];
  };
  while (next < attempts && !signal?.aborted) {
    for (; asked < Math.min(attempts, next + ahead); asked++) {
      const one = threads.of(asked);
      one.catch(() => undefined);
      underWay.set(asked, one);
    }
    const attempted = await underWay.get(next)!;
    underWay.delete(next);
    made++;
    if ("episode" in attempted) {
      episodes.push(attempted.episode);
      frames += attempted.episode.steps;
      wrong = 0;
    } else {
      wrong++;
      onNote?.(`attempt ${next} is left out: ${attempted.wrong}`);
      if (wrong >= HOPELESS || (next === 0 && recorder.episodes === 0))
        throw new UserError(`attempt ${next}: ${attempted.wrong}`);
    }
    next++;
    progress(next, episodes);
    if (episodes.length >= EPISODES || frames >= FRAMES) await write();
  }
  await write();
}

/** Versions of what decides what is recorded. */
async function versions(): Promise<Record<string, string>> {
  const main = createRequire(import.meta.url).resolve("@mujoco/mujoco");
  for (let folder = dirname(main); folder !== dirname(folder); folder = dirname(folder)) {
    const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "");
    const found = parseTornJson(text);
    if (typeof found === "object" && found !== null && "version" in found && typeof found.version === "string")
      return { mujoco: found.version };
  }
  return {};
}
