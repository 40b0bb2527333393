import { readFile } from "node:fs/promises";
import * as z from "zod";
import type { LabelTask } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError, writeAtomically } from "../../foundation/files.ts";
import { parseJson } from "../../foundation/json.ts";

/** What reports of label efficiency are of: what has a score and can be learned from few labels by a head. */
export const reportTasks = ["classification", "multi-label", "regression"] as const satisfies readonly LabelTask[];
export type ReportTask = (typeof reportTasks)[number];

/** What is trained on labels: heads on frozen features, and whole encoders. */
export const contenders = ["probe", "fine-tuned", "scratch", "untrained"] as const;
export type Contender = (typeof contenders)[number];

/** One training to be done. */
export interface Cell {
  readonly contender: Contender;
  /** Labels that are learned from. */
  readonly labels: number;
  readonly draw: number;
}

/** What is right, the answer, and how often; see `scorePredictions`. */
const Answer = z.tuple([z.number(), z.number(), z.int()]);

export const CellResult = z.object({
  contender: z.enum(contenders),
  labels: z.int().positive(),
  draw: z.int().nonnegative(),
  /** On the test data, at most 1: accuracy, mean average precision or R². */
  score: z.number(),
  answers: z.array(Answer),
  /** Training and judging. */
  seconds: z.number(),
  /** Of training the encoder. */
  steps: z.int().optional(),
});
export type CellResult = z.infer<typeof CellResult>;

/** What a result holds for: with any of it changed, finished cells say nothing. */
export const Basis = z.object({
  task: z.enum(reportTasks),
  /** Digest of the encoder's weights. */
  encoder: z.string(),
  /** Digests of the data's names and labels. */
  train: z.string(),
  test: z.string(),
  seed: z.int(),
  steps: z.int().nullable(),
});
export type Basis = z.infer<typeof Basis>;

const Kept = z.object({ version: z.literal(1), basis: Basis, cells: z.array(CellResult) });

/**
 * The shares of the labels as numbers of labels, fewest first. What is too few, and what comes to the same number as
 * another share, is left out with a note.
 * @param shares in percent
 * @param least so many at least, and what they are: one of each class
 * @throws UserError when none is left
 */
export function countsOf(
  shares: readonly number[],
  labelled: number,
  least: { readonly count: number; readonly words: string },
  onNote: (note: string) => void = () => undefined,
): number[] {
  const counts = new Set<number>();
  for (const share of shares.toSorted((a, b) => a - b)) {
    const count = Math.round((share / 100) * labelled);
    if (count < least.count)
      onNote(`${share} % of ${labelled} labels are ${count}, fewer than ${least.words}; left out`);
    else if (counts.has(count)) onNote(`${share} % of ${labelled} labels are ${count} again; left out`);
    else counts.add(count);
  }
  if (counts.size > 0) return [...counts];
  throw new UserError(`${labelled} labels: shares of ${shares.join(", ")} % are fewer labels than ${least.words}`);
}

/** Frozen features first, as they take the least; then draw by draw, so that an early stop leaves whole curves. */
export function planOf(counts: readonly number[], draws: number, asked: readonly Contender[]): Cell[] {
  const cells = (which: (contender: Contender) => boolean): Cell[] =>
    Array.from({ length: draws }, (_, draw) =>
      counts.flatMap((labels) => asked.filter(which).map((contender) => ({ contender, labels, draw }))),
    ).flat();
  const isFrozen = (contender: Contender) => contender === "probe" || contender === "untrained";
  return [...cells(isFrozen), ...cells((contender) => !isFrozen(contender))];
}

const isSame = (a: Cell, b: Cell) => a.contender === b.contender && a.labels === b.labels && a.draw === b.draw;

/**
 * Cells that an earlier call has finished.
 * @throws UserError when the file is another's, or holds for another basis
 */
export async function finishedCells(file: string, basis: Basis): Promise<CellResult[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "read", error);
  });
  if (text === undefined) return [];
  const kept = Kept.safeParse(parseJson(text, file, "; remove it, or name another --out"));
  if (!kept.success) throw new UserError(`${file}: not a report of label efficiency; name another --out`);
  const words = {
    task: "another --task",
    encoder: "other weights of the encoder",
    train: "other training data or labels",
    test: "other test data or labels",
    seed: "another --seed",
    steps: "other --steps",
  };
  const changed = Basis.keyof().options.find((key) => kept.data.basis[key] !== basis[key]);
  if (changed) throw new UserError(`${file}: begun with ${words[changed]}; remove it, or name another --out`);
  return kept.data.cells;
}

export interface CellProgress {
  readonly cell: Cell;
  /** Place in the plan, from 1, and how long the plan is. */
  readonly place: number;
  readonly of: number;
  /** Seconds until all are done, by what those done took; not known before one of each has been. */
  readonly etaSeconds?: number;
}

/**
 * Does what is not done yet, and writes the file after each cell.
 * @param work its throwing while `signal` is aborted is a stop, not a failure
 * @returns all finished cells, those of earlier calls among them, and whether the plan is done
 */
export async function runCells(
  file: string,
  basis: Basis,
  plan: readonly Cell[],
  work: (cell: Cell) => Promise<CellResult>,
  options: { readonly signal?: AbortSignal; readonly onCell?: (progress: CellProgress) => void } = {},
): Promise<{ cells: CellResult[]; isDone: boolean }> {
  const { signal, onCell } = options;
  const cells = await finishedCells(file, basis);
  for (const [at, cell] of plan.entries()) {
    if (cells.some((done) => isSame(done, cell))) continue;
    if (signal?.aborted) return { cells, isDone: false };
    const left = plan.slice(at).filter((other) => !cells.some((done) => isSame(done, other)));
    onCell?.({ cell, place: at + 1, of: plan.length, etaSeconds: secondsFor(left, cells) });
    try {
      cells.push(await work(cell));
    } catch (error) {
      if (signal?.aborted) return { cells, isDone: false };
      throw error;
    }
    await writeAtomically(file, [`${JSON.stringify({ version: 1, basis, cells })}\n`]);
  }
  return { cells, isDone: true };
}

/** Each cell takes what the finished one of its kind took that is nearest in labels. */
function secondsFor(left: readonly Cell[], done: readonly CellResult[]): number | undefined {
  let seconds = 0;
  for (const { contender, labels } of left) {
    const distance = (other: CellResult) => Math.abs(Math.log(other.labels / labels));
    const own = done.filter((other) => other.contender === contender);
    const [first] = own;
    if (!first) return undefined;
    seconds += own.reduce((near, other) => (distance(other) < distance(near) ? other : near), first).seconds;
  }
  return seconds;
}
