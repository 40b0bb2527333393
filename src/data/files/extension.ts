import { extname } from "node:path";

/** The extension of a file's name in lower case, without a `.gz` behind it: `.csv` of `Table.CSV.gz`. */
export const extensionOf = (name: string): string => extname(name.replace(/\.gz$/i, "")).toLowerCase();
