import { parseArgs } from "node:util";

/** Seeds and epochs of the pre-training, and whether only the table is wanted. */
export function proteinArguments(): { seeds: number[]; epochs: number; table: boolean } {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "0,1,2" },
      epochs: { type: "string", default: "4" },
      table: { type: "boolean", default: false },
    },
  });
  return { seeds: values.seeds.split(",").map(Number), epochs: Number(values.epochs), table: values.table };
}
