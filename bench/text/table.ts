/** The table of bench/text.ts, from the lines that it has written. */
import { meanAndDeviation } from "../../src/evaluation/scores/metrics.ts";
import type { Contestant, Score } from "../../src/evaluation/worth/evaluation.ts";
import type { Role } from "../../src/evaluation/worth/names.ts";
import type { TextSet } from "../text-sets.ts";

/** One labelled set with so many labels: what each contestant reaches. */
export interface Judged {
  readonly set: string;
  readonly measure: TextSet["measure"];
  /** Labels that were trained on, and draws of them. */
  readonly labels: number;
  readonly draws: number;
  readonly contestants: readonly Contestant[];
}

/** A line of bench/results/text.jsonl: a method and a training seed. */
export interface Line {
  readonly method: string;
  readonly seed: number;
  readonly cpuMinutes: number;
  readonly cpuSeconds?: number;
  readonly epochs: number;
  /** On held-out WikiText-2; shares in [0, 1]. */
  readonly language: Readonly<Record<string, unknown>>;
  readonly judged: readonly Judged[];
  readonly tokensPerSecond: number;
  readonly machine: string;
}

const scoreOf = ({ linear, endToEnd, measures }: Contestant, measure: TextSet["measure"]): Score | undefined =>
  measure === "matthews" ? measures.matthews : (linear ?? endToEnd);

const percent = (values: readonly number[]): string => {
  if (values.length === 0) return "–";
  const { mean, deviation } = meanAndDeviation(values);
  const sign = mean < 0 ? "−" : "";
  return `${sign}${Math.abs(100 * mean).toFixed(1)}${values.length > 1 ? ` ± ${(100 * deviation).toFixed(1)}` : ""}`;
};

/**
 * Markdown: a row a set and number of labels. ± of what was pre-trained and of what is untrained is the deviation over training seeds
 * of the means over draws; of TF-IDF and from scratch, which no pre-training is in, over draws.
 */
export function tableOf(lines: readonly Line[]): string {
  const methods = [...new Set(lines.map(({ method }) => method))];
  const groups = Map.groupBy(
    lines.flatMap(({ method, judged }) => judged.map((one) => ({ method, ...one }))),
    ({ set, labels }) => `${set} ${labels}`,
  );
  const rows = [...groups.values()].map((group) => {
    const first = group[0]!;
    const scores = (role: Role, method?: string) =>
      group
        .filter((one) => method === undefined || one.method === method)
        .flatMap(({ contestants, measure }) =>
          contestants.filter((one) => one.role === role).map((one) => scoreOf(one, measure)),
        )
        .filter((score) => score !== undefined);
    const overSeeds = (role: Role, method?: string) => percent(scores(role, method).map(({ mean }) => mean));
    const overDraws = (role: Role) => {
      const [one] = scores(role);
      if (!one) return "–";
      return `${percent([one.mean])}${first.draws > 1 ? ` ± ${(100 * one.deviation).toFixed(1)}` : ""}`;
    };
    return [
      first.set,
      first.labels.toLocaleString("en-US"),
      ...methods.flatMap((method) => [overSeeds("pretrained", method), overSeeds("fine-tuned", method)]),
      overSeeds("untrained"),
      overDraws("baseline"),
      overDraws("scratch"),
    ];
  });
  const head = [
    ...["", "labels", ...methods.flatMap((method) => [`\`${method}\`, probe`, "fine-tuned"])],
    ...["untrained, probe", "TF-IDF", "from scratch"],
  ];
  return [head, head.map((_, at) => (at === 0 ? "---" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

const [BEGIN, END] = ["<!-- bench:text -->", "<!-- /bench:text -->"];

/** The page with the table between its markers renewed. @throws Error when the page has no markers */
export function withTable(page: string, table: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`docs/measured.md has no ${BEGIN} … ${END}`);
  return `${page.slice(0, start + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}
