import { alignColumns } from "../worth/table.ts";
import type { ShippedWorth } from "./shipped.ts";

/** Models as a table for the terminal; differences are to the first. */
export function shippedTable(models: readonly ShippedWorth[]): string {
  const [first] = models;
  const bytes = (worth: ShippedWorth) => {
    const share = first && worth !== first ? ` (${Math.round((100 * worth.bytes) / first.bytes)} %)` : "";
    return `${(worth.bytes / 1e6).toFixed(2)} MB${share}`;
  };
  const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
  const accuracy = (value: number | undefined, before: number | undefined) => {
    if (value === undefined) return "–";
    const points = before === undefined ? 0 : 100 * (value - before);
    const change =
      value === before || before === undefined ? "" : ` (${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(1)})`;
    return `${(100 * value).toFixed(1)} %${change}`;
  };
  const accuracies = (
    [
      ["kNN, k = 20", "knn20"],
      ["linear probe", "linear"],
      ["head", "head"],
    ] as const
  ).filter(([, key]) => models.some((worth) => worth[key] !== undefined));
  return alignColumns([
    ["", "size", "batch 1", "batch 64", ...accuracies.map(([title]) => title)],
    ...models.map((worth) => [
      worth.name,
      bytes(worth),
      milliseconds(worth.latency1),
      milliseconds(worth.latency64),
      ...accuracies.map(([, key]) => accuracy(worth[key], first?.[key])),
    ]),
  ]);
}
