import type { Array, TensorSpec } from "../array/index.ts";
import { UserError } from "../foundation/errors.ts";
import type { Inputs } from "./encoder.ts";

/**
 * Number of codes of each column of rows.
 * @param reader named in the message: `encoder mlp`
 * @throws UserError when the data have no such columns
 */
export function columnSizes({ codes }: Readonly<Record<string, TensorSpec>>, reader: string): readonly number[] {
  if (codes?.below && codes.below.length === codes.shape[0]) return codes.below;
  throw new UserError(`${reader} reads rows of columns with codes below known numbers; this data has none`);
}

/** Both inputs of rows. */
export function columnInputs({ values, codes }: Inputs, reader: string): { values: Array; codes: Array } {
  if (!values || !codes) throw new Error(`${reader}: no values and codes among the inputs`);
  return { values, codes };
}
