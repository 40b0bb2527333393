import { grouped, percent } from "../scores/format.ts";
import { alignColumns } from "../worth/table.ts";
import type { PairEvaluation } from "./pair-evaluation.ts";
import { RECALL_AT, type Recall } from "./ranked.ts";

/** Titles of `recallCells`. */
export const RECALL_TITLES: readonly string[] = [...RECALL_AT.map((k) => `recall@${k}`), "median rank"];

export const recallCells = ({ recall, medianRank }: Recall): string[] => [
  ...RECALL_AT.map((k) => percent(recall[k] ?? 0)),
  medianRank.toFixed(Number.isInteger(medianRank) ? 0 : 1),
];

/** An evaluation of pairs for the terminal: a table for each direction. */
export function pairEvaluationTable({ directions, data, part, within, notes }: PairEvaluation): string {
  const tables = directions.map(({ from, to, queries, candidates, scores }) => {
    const head = [`${from} → ${to}`, ...RECALL_TITLES];
    const rows = scores.map((score) => [score.name, ...recallCells(score)]);
    const each = Object.entries(scores.at(-1)?.each ?? {}).map(([name, recall]) => [
      `  ${name}`,
      ...recallCells(recall),
    ]);
    const counts = `${grouped(queries)} queries, ${grouped(candidates)} candidates each`;
    return `${alignColumns([head, ...rows, ...each])}\n${counts}`;
  });
  const places = within === undefined ? "" : `, within each ${within}; means over these`;
  const keys = data.keys === data.used ? "" : ` of ${grouped(data.keys)} keys`;
  const about = `${grouped(data.used)} pairs${keys}: ${part}${places}.`;
  const ties = "A hit is any candidate of the query's key; the nearest is by cosine.";
  return [...tables, [about, ties, ...notes].join(" ")].join("\n\n");
}
