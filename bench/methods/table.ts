/** The table of docs/methods.md, from the lines that bench/methods.ts has written. */
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import type { Worth } from "./shared.ts";

/** One line of bench/results/methods.jsonl: a method and a seed, or an untrained encoder and a seed. */
export interface Line extends Worth {
  readonly method: string;
  readonly family: string;
  readonly seed: number;
  readonly minutes: number;
  readonly encoder: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly epochs: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
  readonly peakMemoryMb: number;
  readonly machine: string;
  /** Where accuracies were measured again, without the times. */
  readonly accuracyMachine?: string;
}

export const UNTRAINED = "untrained";

/** What tells one encoder's shape from another's. */
export const shapeOf = ({ name, options }: Line["encoder"]): string => {
  const told = Object.entries(options).filter(
    ([key]) => key !== "dropPath" && key !== "pooling" && key !== "positions",
  );
  return `${name} ${told.map(([key, value]) => `${key} ${value}`).join(", ")}`;
};

const percent = (values: readonly number[]): string => {
  const { mean, deviation } = meanAndDeviation(values);
  return `${(100 * mean).toFixed(1)}${values.length > 1 ? ` ± ${(100 * deviation).toFixed(1)}` : ""}`;
};

const average = (values: readonly number[], digits: number) => meanAndDeviation(values).mean.toFixed(digits);

/** Markdown: untrained encoders first, then the methods by family and name. */
export function tableOf(lines: readonly Line[]): string {
  const groups = Map.groupBy(lines, ({ method, encoder }) => `${method} ${shapeOf(encoder)}`);
  const untrained = new Map(
    [...groups.values()].flatMap((group) =>
      group[0]!.method === UNTRAINED ? [[shapeOf(group[0]!.encoder), group.map(({ linear }) => linear)] as const] : [],
    ),
  );
  const rank = ({ method }: Line) => (method === UNTRAINED ? 0 : 1);
  const sorted = [...groups.values()].sort(
    ([a], [b]) => rank(a!) - rank(b!) || a!.family.localeCompare(b!.family) || a!.method.localeCompare(b!.method),
  );
  const rows = sorted.map((group) => {
    const [first] = group;
    const of = (key: "knn20" | "linear" | "effectiveRank" | "featureDeviation") => group.map((line) => line[key]);
    const base = meanAndDeviation(untrained.get(shapeOf(first!.encoder)) ?? []);
    const gain = (meanAndDeviation(of("linear")).mean - base.mean) / base.deviation;
    const isBase = first!.method === UNTRAINED;
    return [
      isBase ? `untrained, ${shapeOf(first!.encoder)}` : `\`${first!.method}\``,
      isBase ? "" : first!.encoder.name,
      percent(of("knn20")),
      percent(of("linear")),
      group.length > 1
        ? percent(group.map(({ linear1 }) => linear1.mean))
        : `${(100 * first!.linear1.mean).toFixed(1)} ± ${(100 * first!.linear1.deviation).toFixed(1)}`,
      isBase || !Number.isFinite(gain) ? "" : gain.toFixed(0),
      isBase
        ? ""
        : average(
            group.map(({ epochs }) => epochs),
            0,
          ),
      isBase
        ? ""
        : average(
            group.map(({ seconds }) => seconds / 60),
            1,
          ),
      isBase
        ? ""
        : average(
            group.map(({ imagesPerSecond }) => imagesPerSecond),
            0,
          ),
      isBase
        ? ""
        : average(
            group.map(({ peakMemoryMb }) => peakMemoryMb),
            0,
          ),
      average(of("featureDeviation"), 2),
      average(of("effectiveRank"), 1),
      String(group.length),
    ];
  });
  const head = [
    ...["method", "encoder", "kNN-20 %", "linear %", "linear, 1 % of labels, %", "above untrained, sd"],
    ...["epochs", "minutes", "images/s", "peak MB", "deviation", "rank", "seeds"],
  ];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const [BEGIN, END] = ["<!-- bench:methods -->", "<!-- /bench:methods -->"];

/** The page with the table between its markers renewed. @throws Error when the page has no markers */
export function withTable(page: string, lines: readonly Line[]): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/methods.md has no ${BEGIN} … ${END}`);
  return `${page.slice(0, start + BEGIN.length)}\n${tableOf(lines)}\n${page.slice(end)}`;
}
