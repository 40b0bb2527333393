import { cpus, totalmem } from "node:os";

/** One line for the head of a table: processor, cores, memory, Node's version. */
export const machine = (): string =>
  `${cpus()[0]?.model ?? "unknown processor"}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;

/** Mean and sample standard deviation over the seeds. */
export function meanOf(values: readonly number[], digits = 1): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return mean.toFixed(digits);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(digits)} ± ${Math.sqrt(variance).toFixed(digits)}`;
}

/** Folder of the data sets, beside the repository unless `AUTODIDACT_DATA` names another. */
export const DATA = process.env.AUTODIDACT_DATA ?? new URL("../../../shared/data", import.meta.url).pathname;
