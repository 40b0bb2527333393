/*
 * Spreadsheets run a cell that begins like a formula: =HYPERLINK(…), and with Excel's DDE a program. OWASP's remedy is an
 * apostrophe before it: https://owasp.org/www-community/attacks/CSV_Injection
 */

/** What begins a formula, after apostrophes of our own: also in the full width of Chinese and Japanese keyboards. */
const FORMULA = /^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const isFormula = (cell: string): boolean => FORMULA.test(cell) && !NUMBER.test(cell);

/** A cell of a CSV file that no spreadsheet takes for a formula. Numbers stay as they are. */
export const guardCell = (cell: string): string => (isFormula(cell) ? `'${cell}` : cell);

/** The text that `guardCell` was given, for any text. */
export const unguardCell = (cell: string): string =>
  cell.startsWith("'") && isFormula(cell.slice(1)) ? cell.slice(1) : cell;
