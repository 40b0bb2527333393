import { elements } from "./elements.ts";

/** Deepest brackets in a formula, and longest formula. */
const [DEEPEST, LONGEST] = [8, 400];

const TOKEN = /([A-Z][a-z]?)|(\d+\.?\d*|\.\d+)|([([{])|([)\]}])/y;
const pairs: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

type Amounts = Map<string, number>;

/** Digits written below the line: H₂O. */
const onLine = (text: string): string =>
  text.replace(/[\u2080-\u2089]/g, (digit) => String(digit.charCodeAt(0) - 0x2080));

function addTo(amounts: Amounts, others: Amounts, times: number): void {
  for (const [symbol, amount] of others) amounts.set(symbol, (amounts.get(symbol) ?? 0) + times * amount);
}

/** One part of a formula between the signs of hydrates. */
function partOf(text: string): Amounts | undefined {
  const open: { amounts: Amounts; bracket: string }[] = [{ amounts: new Map(), bracket: "" }];
  /** What a number behind it multiplies. */
  let last: Amounts | undefined;
  const close = () => {
    if (last) addTo(open.at(-1)!.amounts, last, 1);
    last = undefined;
  };
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) return undefined;
    const [, symbol, number, opened, closed] = found;
    if (symbol !== undefined) {
      close();
      if (!elements.has(symbol)) return undefined;
      last = new Map([[symbol, 1]]);
    } else if (number !== undefined) {
      if (!last) return undefined;
      addTo(open.at(-1)!.amounts, last, Number(number));
      last = undefined;
    } else if (opened !== undefined) {
      close();
      if (open.length > DEEPEST) return undefined;
      open.push({ amounts: new Map(), bracket: pairs[opened]! });
    } else {
      close();
      const inner = open.pop();
      if (open.length === 0 || inner?.bracket !== closed || inner?.amounts.size === 0) return undefined;
      last = inner?.amounts;
    }
  }
  close();
  return open.length === 1 ? open[0]!.amounts : undefined;
}

/**
 * The share of each element in a formula, in their order there; they sum to 1. Brackets, decimals and hydrates
 * (`CuSO4·5H2O`, with `·`, `*` or a point between blanks) are read; the elements go from hydrogen to berkelium.
 * @returns undefined for what is no formula
 */
export function fractionsIn(text: string): ReadonlyMap<string, number> | undefined {
  if (text.length > LONGEST) return undefined;
  const total: Amounts = new Map();
  for (const part of onLine(text).split(/[·•∙⋅*]|\s+\.\s+/)) {
    const [, times = "", formula = ""] = /^(\d+\.?\d*)?(.*)$/s.exec(part.replaceAll(/\s+/g, "")) ?? [];
    const amounts = partOf(formula);
    if (!amounts || amounts.size === 0) return undefined;
    addTo(total, amounts, times === "" ? 1 : Number(times));
  }
  const sum = [...total.values()].reduce((all, amount) => all + amount, 0);
  if (!(sum > 0 && Number.isFinite(sum))) return undefined;
  return new Map([...total].filter(([, amount]) => amount > 0).map(([symbol, amount]) => [symbol, amount / sum]));
}
