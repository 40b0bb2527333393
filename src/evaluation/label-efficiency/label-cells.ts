import { readFile } from "node:fs/promises";
import * as z from "zod";
import type { LabelTask } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { codeOf, fileError, writeAtomically } from "../../foundation/files.ts";
import { parseJson } from "../../foundation/json.ts";

/** The tasks that label-efficiency reports support. */
export const reportTasks = ["classification", "multi-label", "regression"] as const satisfies readonly LabelTask[];
export type ReportTask = (typeof reportTasks)[number];

/** The ways to train on labels: heads on frozen features, and whole encoders. */
export const contenders = ["probe", "fine-tuned", "scratch", "untrained"] as const;
export type Contender = (typeof contenders)[number];

/** One training. */
export interface Cell {
  readonly contender: Contender;
  /** Number of training labels. */
  readonly labels: number;
  readonly draw: number;
}

/** Target, prediction, and their count; see `scorePredictions`. */
const Answer = z.tuple([z.number(), z.number(), z.int()]);

export const CellResult = z.object({
  contender: z.enum(contenders),
  labels: z.int().positive(),
  draw: z.int().nonnegative(),
  /** On the test data, at most 1: accuracy, mean average precision or R². */
  score: z.number(),
  answers: z.array(Answer),
  /** Duration of training and testing. */
  seconds: z.number(),
  /** Training steps of the encoder. */
  steps: z.int().optional(),
});
export type CellResult = z.infer<typeof CellResult>;

/** What results depend on: if any of it changes, finished cells are invalid. */
export const Basis = z.object({
  task: z.enum(reportTasks),
  /** Digest of the encoder's weights. */
  encoder: z.string(),
  /** Digests of the data's names and labels. */
  train: z.string(),
  test: z.string(),
  seed: z.int(),
  steps: z.int().nullable(),
  /** How training from scratch differs, as JSON. */
  scratch: z.string().nullable(),
});
export type Basis = z.infer<typeof Basis>;

/**
 * Version of `report.json`: what a cell is trained with. In the first, training from scratch was as short as fine-tuning; the second
 * did not say how it was augmented.
 */
export const REPORT_VERSION = 3;

const Report = z.object({ version: z.literal(REPORT_VERSION), basis: Basis, cells: z.array(CellResult) });

/**
 * Converts shares of the labels to numbers of labels, fewest first. Shares that give too few labels or the same number as
 * another share are left out with a note.
 * @param shares in percent
 * @param least the smallest allowed number of labels, and what it stands for, such as `the 10 classes`
 * @throws UserError when none is left
 */
export function countsOf(
  shares: readonly number[],
  labelled: number,
  least: { readonly count: number; readonly description: string },
  onNote: (note: string) => void = () => undefined,
): number[] {
  const counts = new Set<number>();
  for (const share of shares.toSorted((a, b) => a - b)) {
    const count = Math.round((share / 100) * labelled);
    if (count < least.count)
      onNote(`${share} % of ${labelled} labels are ${count}, fewer than ${least.description}; left out`);
    else if (counts.has(count)) onNote(`${share} % of ${labelled} labels are ${count} again; left out`);
    else counts.add(count);
  }
  if (counts.size > 0) return [...counts];
  throw new UserError(
    `${labelled} labels: shares of ${shares.join(", ")} % are fewer labels than ${least.description}`,
  );
}

/** Frozen features first, which are fastest; then draw by draw, so that an early stop leaves whole curves. */
export function planOf(counts: readonly number[], draws: number, selected: readonly Contender[]): Cell[] {
  const cells = (which: (contender: Contender) => boolean): Cell[] =>
    Array.from({ length: draws }, (_, draw) =>
      counts.flatMap((labels) => selected.filter(which).map((contender) => ({ contender, labels, draw }))),
    ).flat();
  const isFrozen = (contender: Contender) => contender === "probe" || contender === "untrained";
  return [...cells(isFrozen), ...cells((contender) => !isFrozen(contender))];
}

const isSame = (a: Cell, b: Cell) => a.contender === b.contender && a.labels === b.labels && a.draw === b.draw;

/**
 * The cells that an earlier call finished.
 * @throws UserError when the file is no such report, or has another basis
 */
export async function finishedCells(file: string, basis: Basis): Promise<CellResult[]> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw fileError(file, "read", error);
  });
  if (text === undefined) return [];
  const json = parseJson(text, file, "; remove it, or name another --out");
  const earlier = z.object({ version: z.int() }).safeParse(json);
  if (earlier.success && earlier.data.version !== REPORT_VERSION)
    throw new UserError(
      `${file}: begun by version ${earlier.data.version} of the report, whose trainings differ from version ${REPORT_VERSION}'s; remove it, or name another --out`,
    );
  const report = Report.safeParse(json);
  if (!report.success) throw new UserError(`${file}: not a report of label efficiency; name another --out`);
  const changes = {
    task: "another --task",
    encoder: "other weights of the encoder",
    train: "other training data or labels",
    test: "other test data or labels",
    seed: "another --seed",
    steps: "other --steps",
    scratch: "other settings from scratch",
  };
  const changed = Basis.keyof().options.find((key) => report.data.basis[key] !== basis[key]);
  if (changed) throw new UserError(`${file}: begun with ${changes[changed]}; remove it, or name another --out`);
  return report.data.cells;
}

export interface CellProgress {
  readonly cell: Cell;
  /** Position in the plan, from 1, and the length of the plan. */
  readonly place: number;
  readonly of: number;
  /** Estimated seconds until the plan is done; absent until one cell of each contender is finished. */
  readonly etaSeconds?: number;
}

/**
 * Runs the cells that are not finished yet, and writes the file after each.
 * @param work runs one cell; if it throws while `signal` is aborted, that is a stop and not a failure
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
    await writeAtomically(file, [`${JSON.stringify({ version: REPORT_VERSION, basis, cells })}\n`]);
  }
  return { cells, isDone: true };
}

/** Estimates for each cell the time of the finished cell of the same contender that is nearest in labels. */
function secondsFor(left: readonly Cell[], done: readonly CellResult[]): number | undefined {
  let seconds = 0;
  for (const { contender, labels } of left) {
    const distance = (other: CellResult) => Math.abs(Math.log(other.labels / labels));
    const finished = done.filter((other) => other.contender === contender);
    const [first] = finished;
    if (!first) return undefined;
    seconds += finished.reduce((near, other) => (distance(other) < distance(near) ? other : near), first).seconds;
  }
  return seconds;
}
