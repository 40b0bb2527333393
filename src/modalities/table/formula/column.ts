import { type ColumnType, type Profile, typeOf } from "../../../data/tables/profile.ts";
import { fractionsIn } from "./parse.ts";

export type TableColumnType = ColumnType | "formula";

/** Different texts that are looked at for formulas, and fewer than which are not. */
const [LOOKED, SEVERAL] = [2000, 20];
/** Share of them that must be formulas, and share that can be nothing else: of two elements, with a number or brackets. */
const [READ, CLEAR] = [0.9, 0.5];
const TWO_ELEMENTS = /[A-Z].*[A-Z(]/;

/** Whether a column is of chemical formulas. */
function areFormulas({ texts, numbers }: Profile): boolean {
  if (texts.size < SEVERAL || numbers.length > 0) return false;
  const some = [...texts.keys()].slice(0, LOOKED);
  const read = some.filter((text) => fractionsIn(text) !== undefined);
  const clear = read.filter((text) => TWO_ELEMENTS.test(text) && /[\d([]/.test(text));
  return read.length >= READ * some.length && clear.length >= CLEAR * some.length;
}

/** What a column is taken for, and why it is left out if it is. */
export const tableTypeOf = (profile: Profile): { type: TableColumnType; why?: string } =>
  areFormulas(profile) ? { type: "formula" } : typeOf(profile);
