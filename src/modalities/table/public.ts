/**
 * What rows of tables are, for methods and programs that read columns.
 * @module autodidact/table
 */
export { type Columns, columns } from "./abilities.ts";
export { TableOptions } from "./options.ts";
export type { Encoded, Row } from "./row.ts";
