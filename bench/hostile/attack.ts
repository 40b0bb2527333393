import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rng } from "../../src/array/rng.ts";
import type { Answer, Task } from "./child.ts";
import type { Fault, FaultKind } from "./judge.ts";
import type { Kind } from "./kinds.ts";
import { pick } from "./mutation.ts";
import { copied, Lab } from "./seeds.ts";

/**
 * A mutant may take so much of a processor, in milliseconds, and so much memory, in bytes; at twice the memory its process is
 * killed. Processor time, since a machine that is busy with something else makes everything late.
 */
const LIMITS = { milliseconds: 5000, bytes: 2 ** 30 };

/** A process that waits for ever computes nothing: it is late after so many times the limit by the clock. */
const PATIENCE = 12;

/** Mutants opened by one process. */
const SHIFT = 400;

export interface Found extends Fault {
  /** The mutant: `kind` and `number` make it again. */
  readonly number: number;
}

export interface Outcome {
  readonly kind: string;
  mutants: number;
  opened: number;
  readonly found: Found[];
  /** Largest of all. */
  milliseconds: number;
  bytes: number;
}

export interface AttackOptions {
  /** The module that lists them, as `kinds`; the children load it too. */
  readonly kindsIn?: URL;
  /** Names; all by default. */
  readonly only?: readonly string[];
  /** Mutants of each kind. */
  readonly each: number;
  /** The first one's number. */
  readonly first?: number;
  readonly seed?: number;
  /** Processes at a time. */
  readonly jobs?: number;
  readonly limits?: typeof LIMITS;
  /** Folder for the mutants at fault. */
  readonly keep?: string | undefined;
  readonly onDone?: (outcome: Outcome) => void;
}

/** Mutant `number` of a kind: one change, or a few. */
export function mutantOf(kind: Kind, seeds: readonly Buffer[], number: number, seed: number): Buffer {
  const rng = new Rng(seed).split(kind.name, number);
  let mutant = pick(rng, seeds);
  for (let changes = pick(rng, [1, 1, 1, 1, 2, 3]); changes > 0; changes--) {
    const change = pick(rng, kind.mutations);
    try {
      mutant = change(mutant, rng, pick(rng, seeds));
    } catch {
      // What an earlier change left is no archive or JSON any more: it stays as it is.
    }
  }
  return mutant;
}

/**
 * Opens mutants of files in processes of their own, under a watch.
 * @returns what became of them, by kind
 */
export async function attack(options: AttackOptions): Promise<Outcome[]> {
  const {
    kindsIn = new URL("./kinds.ts", import.meta.url),
    only,
    each,
    first = 0,
    seed = 0,
    jobs = 1,
    keep,
    onDone,
  } = options;
  const { kinds }: { kinds: readonly Kind[] } = await import(kindsIn.href);
  const root = await mkdtemp(join(tmpdir(), "autodidact-hostile-"));
  const lab = new Lab(join(root, "lab"));
  await mkdir(lab.root);
  try {
    const outcomes: Outcome[] = [];
    const waiting = [...kinds.filter(({ name }) => only?.includes(name) ?? true).entries()];
    const work = async (job: number) => {
      const watch = new Watch(join(root, `job${job}`), kindsIn, options.limits ?? LIMITS);
      try {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const outcome = await attackKind(next[1], { each, first, seed, keep, lab, watch });
          outcomes[next[0]] = outcome;
          onDone?.(outcome);
        }
      } finally {
        await watch.end();
      }
    };
    await Promise.all(Array.from({ length: jobs }, (_, job) => work(job)));
    return outcomes;
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Setting extends Required<Pick<AttackOptions, "each" | "first" | "seed">>, Pick<AttackOptions, "keep"> {
  readonly lab: Lab;
  readonly watch: Watch;
}

async function attackKind(kind: Kind, { each, first, seed, keep, lab, watch }: Setting): Promise<Outcome> {
  const outcome: Outcome = { kind: kind.name, mutants: 0, opened: 0, found: [], milliseconds: 0, bytes: 0 };
  const seeds = await kind.seeds(lab);
  const beside = await kind.beside?.(lab);
  for (let number = first; number < first + each; number++) {
    const mutant = mutantOf(kind, seeds, number, seed);
    const opened = await watch.open(kind, mutant, beside);
    outcome.mutants++;
    if (opened.opened) outcome.opened++;
    outcome.milliseconds = Math.max(outcome.milliseconds, opened.milliseconds);
    outcome.bytes = Math.max(outcome.bytes, opened.peak);
    if (!opened.fault) continue;
    outcome.found.push({ number, ...opened.fault });
    if (!keep) continue;
    const file = join(keep, `${kind.name.replaceAll(/\W+/g, "-")}-${number}`, kind.file);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, mutant);
  }
  return outcome;
}

/** Opens one mutant after another in a child, which is replaced when it dies or is late. */
class Watch {
  readonly #root: string;
  readonly #kindsIn: URL;
  readonly #limits: typeof LIMITS;
  #child: ChildProcess | undefined;
  #errors = "";
  #served = 0;

  constructor(root: string, kindsIn: URL, limits: typeof LIMITS) {
    this.#root = root;
    this.#kindsIn = kindsIn;
    this.#limits = limits;
  }

  #path = (name: string) => join(this.#root, name);

  async #started(): Promise<ChildProcess> {
    if (this.#served++ >= SHIFT) await this.end();
    if (this.#child?.connected) return this.#child;
    for (const name of ["tmp", "home"]) await mkdir(this.#path(name), { recursive: true });
    const child = fork(fileURLToPath(new URL("./child.ts", import.meta.url)), [this.#kindsIn.href], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: { ...process.env, TMPDIR: this.#path("tmp"), HOME: this.#path("home") },
    });
    this.#errors = "";
    this.#served = 0;
    child.stderr?.on("data", (text) => {
      this.#errors += text;
    });
    this.#child = child;
    const [ready] = await Promise.race([once(child, "message"), once(child, "exit")]);
    if (ready !== "ready") throw new Error(`the process that opens mutants did not start: ${this.#errors.trim()}`);
    return child;
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  async open(kind: Kind, mutant: Buffer, beside: string | undefined): Promise<Answer> {
    const answer = await this.#once(kind, mutant, beside);
    // What came before may have left the process large or busy: what is late or large is asked again, in a new one.
    if (answer.fault?.kind !== "hang" && answer.fault?.kind !== "memory") return answer;
    await this.end();
    const again = await this.#once(kind, mutant, beside);
    if (again.fault) await this.end();
    return again;
  }

  async #once(kind: Kind, mutant: Buffer, beside: string | undefined): Promise<Answer> {
    const folder = this.#path("mutant");
    const path = join(folder, kind.file);
    await rm(folder, { recursive: true, force: true });
    if (beside) await copied(beside, folder);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, mutant);
    const child = await this.#started();
    const started = performance.now();
    const before = processorTime(child.pid);
    let largest = 0;
    const failed = (kindOfFault: FaultKind, message: string): Answer => ({
      ...{ opened: false, milliseconds: performance.now() - started, peak: largest },
      fault: { kind: kindOfFault, message },
    });
    const answer = await new Promise<Answer>((resolve) => {
      const stop = (how: Answer | undefined) => {
        clearInterval(watched);
        clearTimeout(late);
        child.off("message", answered);
        child.off("exit", ended);
        if (how) resolve(how);
      };
      const answered = (message: Answer) => stop(message);
      const ended = (code: number | null, signal: NodeJS.Signals | null) =>
        stop(
          failed(
            "crash",
            `${signal ?? `exit code ${code}`} ${this.#errors.trim().split("\n").slice(-3).join(" ").slice(0, 300)}`,
          ),
        );
      const stopped = (fault: FaultKind, message: string) => {
        stop(failed(fault, message));
        void this.end();
      };
      const { milliseconds, bytes } = this.#limits;
      const watched = setInterval(() => {
        largest = Math.max(largest, residentBytes(child.pid));
        if (largest > 2 * bytes) stopped("memory", `more than ${Math.round((2 * bytes) / 2 ** 20)} MB`);
        else if (processorTime(child.pid) - before > milliseconds)
          stopped("hang", `${milliseconds / 1000} s of a processor`);
      }, 50);
      const late = setTimeout(
        () => stopped("hang", `no answer within ${(PATIENCE * milliseconds) / 1000} s`),
        PATIENCE * milliseconds,
      );
      child.once("message", answered);
      child.once("exit", ended);
      const task: Task = { kind: kind.name, path, folder };
      child.send(task);
    });
    if (answer.fault) return answer;
    if (answer.peak > this.#limits.bytes)
      return { ...answer, fault: { kind: "memory", message: `${Math.round(answer.peak / 2 ** 20)} MB` } };
    const left = await this.#left();
    return left ? { ...answer, fault: { kind: "left behind", message: left } } : answer;
  }

  /** What lies in the temporary and the home folder, and is removed; a stack trace on standard error. */
  async #left(): Promise<string | undefined> {
    const trace = /^.*\n\s+at .*$/m.exec(this.#errors)?.[0];
    this.#errors = "";
    if (trace) return `on standard error: ${trace.slice(0, 200)}`;
    for (const place of ["tmp", "home"]) {
      const [name] = await readdir(this.#path(place));
      if (!name) continue;
      await rm(join(this.#path(place), name), { recursive: true, force: true });
      return `${place}/${name.replaceAll(/\d{3,}|-\w{6}$/g, "…")}`;
    }
    return undefined;
  }
}

/** Resident memory of a process now; 0 where /proc has none. */
function residentBytes(pid: number | undefined): number {
  const file = `/proc/${pid}/statm`;
  if (pid === undefined || !existsSync(file)) return 0;
  try {
    return 4096 * Number(readFileSync(file, "utf8").split(" ")[1]);
  } catch {
    return 0;
  }
}

/** What a process has computed so far, in milliseconds; the clock where there is no /proc. */
function processorTime(pid: number | undefined): number {
  try {
    // The name in parentheses may have spaces; user and system time, in hundredths, are the twelfth and thirteenth field behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return performance.now();
  }
}
