/** The table of bench/twin.ts, from the lines that it has written. */
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import type { Twin } from "./settings.ts";

export type Side = "untrained" | "ours" | "pytorch";

/** A line of bench/results/twin.jsonl: one training of one side, or an untrained encoder. */
export interface Line {
  readonly twin: Twin;
  readonly side: Side;
  readonly seed: number;
  readonly knn20: number;
  readonly linear: number;
  readonly machine: string;
  /** Of trainings only; the loss is the mean of the last twentieth of the steps. */
  readonly steps?: number;
  readonly loss?: number;
  readonly stepMs?: number;
  readonly viewMs?: number;
  readonly torch?: string;
  readonly kernels?: string;
}

/** A line of a check: the losses of both sides from the same weights on the same batches. */
export interface Check {
  readonly twin: Twin;
  readonly side: "check";
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly machine: string;
}

/** 97.5 % quantiles of Student's t for 2, 4, … 18 degrees of freedom: two samples of 2, 3, … 10 each. */
const T = [4.303, 2.776, 2.447, 2.306, 2.228, 2.179, 2.145, 2.12, 2.101] as const;

/**
 * The difference of two means and half the width of its 95 % interval by Student's t, for samples of equal size.
 * @param first two to ten values
 * @param second as many
 */
export function difference(first: readonly number[], second: readonly number[]): { mean: number; half: number } {
  const count = first.length;
  const t = T[count - 2];
  if (t === undefined || second.length !== count) throw new Error("two samples of the same size, of two to ten values");
  const [a, b] = [meanAndDeviation(first), meanAndDeviation(second)];
  return { mean: a.mean - b.mean, half: t * Math.sqrt((a.deviation ** 2 + b.deviation ** 2) / count) };
}

const percent = (values: readonly number[]): string => {
  const { mean, deviation } = meanAndDeviation(values);
  return values.length === 0 ? "–" : `${(100 * mean).toFixed(1)} ± ${(100 * deviation).toFixed(1)}`;
};

const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(100 * value).toFixed(1)}`;

function gap(ours: readonly number[], theirs: readonly number[]): string {
  if (ours.length < 2 || ours.length !== theirs.length) return "–";
  const { mean, half } = difference(ours, theirs);
  return `${signed(mean)} (${signed(mean - half)} to ${signed(mean + half)})`;
}

const average = (values: readonly number[], digits: number): string =>
  values.length === 0 ? "–" : meanAndDeviation(values).mean.toFixed(digits);

const markdown = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** Markdown: what both sides reach, and what their steps cost. */
export function tableOf(lines: readonly Line[], checks: readonly Check[]): string {
  const names = [...new Set(lines.map(({ twin }) => twin))];
  const of = (twin: Twin, side: Side) => lines.filter((line) => line.twin === twin && line.side === side);
  const measures = [
    ["kNN, k = 20", "knn20"],
    ["linear probe", "linear"],
  ] as const;
  const scores = names.flatMap((twin) =>
    measures.map(([title, key]) => {
      const [none, ours, theirs] = (["untrained", "ours", "pytorch"] as const).map((side) =>
        of(twin, side).map((line) => line[key]),
      );
      return [`\`${twin}\`, ${title}`, ...[none, ours, theirs].map((one) => percent(one!)), gap(ours!, theirs!)];
    }),
  );
  const costs = names.map((twin) => {
    const [ours, theirs] = (["ours", "pytorch"] as const).map((side) => of(twin, side));
    const ms = (some: readonly Line[] = []) => some.flatMap(({ stepMs }) => stepMs ?? []);
    const loss = (some: readonly Line[] = []) => some.flatMap((line) => line.loss ?? []);
    const check = checks.find((one) => one.twin === twin);
    const ratio = meanAndDeviation(ms(theirs)).mean / meanAndDeviation(ms(ours)).mean;
    return [
      `\`${twin}\``,
      String(ours?.[0]?.steps ?? "–"),
      ...[average(loss(ours), 3), average(loss(theirs), 3)],
      check ? largestDifference(check).toExponential(0) : "–",
      ...[average(ms(ours), 0), average(ms(theirs), 0)],
      Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : "–",
      average(
        (ours ?? []).flatMap(({ viewMs }) => viewMs ?? []),
        0,
      ),
    ];
  });
  const dashes = (count: number) => ["---", ...Array.from({ length: count - 1 }, () => "--:")];
  const seeds = Math.max(...names.map((twin) => of(twin, "ours").length), 0);
  return `${markdown([["", "untrained", "ours", "PyTorch", "ours − PyTorch, 95 % interval"], dashes(5), ...scores])}

${markdown([
  [
    ...["", "steps", "loss, ours", "loss, PyTorch", "first losses differ by at most"],
    ...["a step, ours, ms", "a step, PyTorch, ms", "ratio", "a batch's views, ms"],
  ],
  dashes(9),
  ...costs,
])}

${seeds} seeds; ${[...new Set(lines.map(({ machine }) => machine))].join("; ")}.`;
}

/** Of the losses of a check, as a share of ours. */
export const largestDifference = ({ ours, theirs }: Check): number =>
  Math.max(...ours.map((loss, at) => Math.abs(loss - theirs[at]!) / Math.abs(loss)));

const [BEGIN, END] = ["<!-- bench:twin -->", "<!-- /bench:twin -->"];

/** The page with the table between its markers renewed. @throws Error when the page has no markers */
export function withTable(page: string, table: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/measured.md has no ${BEGIN} … ${END}`);
  return `${page.slice(0, start + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}
