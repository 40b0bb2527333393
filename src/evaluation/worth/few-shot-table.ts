import type { FewShot } from "./few-shot.ts";
import { alignColumns } from "./table.ts";

const percent = (share: number): string => (100 * share).toFixed(1);

/** Few-shot accuracies for the terminal. */
export function fewShotTable({ contestants, data, ways, queries, episodes, center, chance, notes }: FewShot): string {
  const [first] = contestants;
  const rows = [
    ["", ...(first?.scores.map(({ shots }) => `${shots} ${shots === 1 ? "example" : "examples"}`) ?? [])],
    ...contestants.map(({ name, scores }) => [
      name,
      ...scores.map(({ mean, interval }) => `${percent(mean)} ± ${percent(interval)} %`),
    ]),
  ];
  const from = `${data.labelled} samples of ${data.classes} classes`;
  const about = `Accuracy over ${episodes} episodes of ${ways} classes, ${queries} queries each, from ${from}; ± is the 95 % confidence interval; chance level: ${percent(chance)} %. Nearest centroid of vectors at unit length${center ? ", centred" : ""}.`;
  return `${alignColumns(rows)}\n\n${[about, ...notes].join(" ")}`;
}
