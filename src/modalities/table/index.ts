import { join } from "node:path";
import { modality } from "../../data/modality.ts";
import { augment, perturb } from "../../data/views.ts";
import { columns } from "./abilities.ts";
import { buildTable } from "./build.ts";
import { learnColumns } from "./columns/learn.ts";
import { FILE } from "./columns/learned.ts";
import { givenRow, openTable, recognisesTable, reopenTable } from "./open.ts";
import { TableOptions } from "./options.ts";
import { isEncoded, MISSING } from "./row.ts";

/** Rows of a table: numbers, categories and dates, with gaps. */
export const table = modality({
  name: "table",
  summary: "rows of a table with numbers, categories and dates: CSV, TSV, JSONL, Parquet",
  options: TableOptions,
  defaultMethod: "simclr",
  defaultEncoder: "mlp",
  small: { summary: "an MLP of 4 layers", training: { epochs: 50 } },
  abilities: [augment, perturb, columns],
  inputs: { values: 1, codes: 1 },
  recognises: recognisesTable,
  open: openTable,
  reopen: reopenTable,
  infer: async () => ({}),
  learn: (source, options, onNote) => learnColumns(source, options, onNote),
  build: buildTable,
  accepts: { bytes: givenRow, types: ["application/json"] },
  /** Another run's columns belong to its encoder's weights; what they are is known, and not asked again. */
  inherit({ leaveOut: _, categories: __, numbers: ___, formulas: ____, ...kept }, _files, folder) {
    return { ...kept, columnsFrom: join(folder, FILE) };
  },
  size: (row) => ({
    amount: isEncoded(row)
      ? row.codes.filter((code) => code !== MISSING).length
      : [...row.cells.values()].filter((cell) => cell !== undefined).length,
    unit: "values",
  }),
  async baseline(built) {
    return (await import("./baseline.ts")).tableBaseline(built);
  },
  async publish() {
    return (await import("./publish.ts")).tablePublisher;
  },
});
