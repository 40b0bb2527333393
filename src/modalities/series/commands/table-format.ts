import { extname } from "node:path";
import { UserError } from "../../../foundation/errors.ts";

/** The format of a table that is written, by its name. @throws UserError when it is none of them */
export function tableFormatOf(out: string): ".csv" | ".json" {
  const format = extname(out).toLowerCase();
  if (format !== ".csv" && format !== ".json") throw new UserError(`--out ${out}: must end in .csv or .json`);
  return format;
}
