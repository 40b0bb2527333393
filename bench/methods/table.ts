/** The table of docs/methods.md, from the lines that bench/methods.ts has written. */
import { resnet } from "../../src/encoders/resnet.ts";
import { vit } from "../../src/encoders/vit.ts";
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import type { Worth } from "./shared.ts";

/** One line of bench/results/methods.jsonl: a method and a seed, or an untrained encoder and a seed. */
export interface Line extends Worth {
  readonly method: string;
  readonly family: string;
  readonly seed: number;
  /** Minutes by the clock on two cores that epochs were fitted to, of measurements before CPU time counted. */
  readonly minutes?: number;
  /** CPU minutes on one thread that epochs were fitted to. */
  readonly cpuMinutes?: number;
  readonly cpuSeconds?: number;
  /** Where a setting was chosen. */
  readonly learningRate?: number;
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

const definitions = { vit, resnet };
/** What the pooling and the regularisation change is no other shape. */
const UNTOLD = ["dropPath", "pooling", "positions"];

/** What tells one encoder's shape from another's: the options that are not the defaults. */
export const shapeOf = ({ name, options }: Line["encoder"]): string => {
  const definition = name === "vit" || name === "resnet" ? definitions[name] : undefined;
  const usual: Readonly<Record<string, unknown>> = definition?.options.parse({}) ?? {};
  const told = Object.entries(options).filter(
    ([key, value]) => !UNTOLD.includes(key) && JSON.stringify(value) !== JSON.stringify(usual[key]),
  );
  return `${name} ${told.map(([key, value]) => `${key} ${value}`).join(", ")}`;
};

const percent = (values: readonly number[]): string => {
  const { mean, deviation } = meanAndDeviation(values);
  return `${(100 * mean).toFixed(1)}${values.length > 1 ? ` ± ${(100 * deviation).toFixed(1)}` : ""}`;
};

const average = (values: readonly number[], digits: number) => meanAndDeviation(values).mean.toFixed(digits);

/** By CPU minutes where a method was measured so, and by the clock where it was not yet. */
const current = (lines: readonly Line[]): Line[] => {
  const renewed = new Set(lines.filter(({ cpuMinutes }) => cpuMinutes !== undefined).map(({ method }) => method));
  return lines.filter(({ method, cpuMinutes }) => cpuMinutes !== undefined || !renewed.has(method));
};

/** Points above the untrained encoders, ± the deviation of that difference over seeds; of one seed without it. */
function gainOf(values: readonly number[], untrained: readonly number[]): string {
  if (untrained.length === 0) return "";
  const [learned, none] = [meanAndDeviation(values), meanAndDeviation(untrained)];
  const points = (100 * (learned.mean - none.mean)).toFixed(1);
  return values.length < 2 ? points : `${points} ± ${(100 * Math.hypot(learned.deviation, none.deviation)).toFixed(1)}`;
}

/** Markdown: untrained encoders first, then the methods by family and name. */
export function tableOf(lines: readonly Line[]): string {
  const groups = Map.groupBy(current(lines), ({ method, encoder }) => `${method} ${shapeOf(encoder)}`);
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
    const first = group[0]!;
    const of = (key: "knn20" | "linear" | "epochs" | "imagesPerSecond" | "peakMemoryMb") =>
      group.map((line) => line[key]);
    const isBase = first.method === UNTRAINED;
    // Of one seed the deviation over the draws of the labels.
    const [few, few0] = [group.map(({ linear1 }) => linear1.mean), first.linear1];
    const spent = group.map(({ cpuMinutes, cpuSeconds, seconds }) =>
      cpuMinutes === undefined ? seconds / 60 : cpuSeconds === undefined ? cpuMinutes : cpuSeconds / 60,
    );
    return [
      isBase ? `untrained, ${shapeOf(first.encoder)}` : `\`${first.method}\``,
      isBase ? "" : first.encoder.name,
      percent(of("knn20")),
      percent(of("linear")),
      group.length > 1
        ? percent(few)
        : `${(100 * few0.mean).toFixed(1)} (draws ± ${(100 * few0.deviation).toFixed(1)})`,
      ...(isBase
        ? ["", "", "", "", ""]
        : [
            gainOf(of("linear"), untrained.get(shapeOf(first.encoder)) ?? []),
            average(of("epochs"), 0),
            `${average(spent, 1)} ${first.cpuMinutes === undefined ? "clock" : "CPU"}`,
            average(of("imagesPerSecond"), 0),
            average(of("peakMemoryMb"), 0),
          ]),
      average(
        group.map(({ featureDeviation }) => featureDeviation),
        2,
      ),
      average(
        group.map(({ effectiveRank }) => effectiveRank),
        1,
      ),
      String(group.length),
    ];
  });
  const head = [
    ...["method", "encoder", "kNN-20 %", "linear %", "linear, 1 % of labels, %", "above untrained, points"],
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
