import { elements, properties } from "./elements.ts";
import { fractionsIn } from "./parse.ts";

const statistics = ["least", "greatest", "range", "mean", "mean deviation", "most frequent"] as const;
const symbols = [...elements.keys()];

/**
 * What describes a formula: the fraction of each element, and of each property of the elements six statistics, as Magpie has
 * them (Ward et al. 2016, https://doi.org/10.1038/npjcompumats.2016.28).
 */
export const descriptors: readonly string[] = [
  ...symbols.map((symbol) => `fraction of ${symbol}`),
  ...properties.flatMap((property) => statistics.map((statistic) => `${statistic} ${property}`)),
];

/** The values of `descriptors`; undefined for what is no formula. */
export function describeFormula(text: string): Float64Array | undefined {
  const fractions = fractionsIn(text);
  if (!fractions) return undefined;
  const values = new Float64Array(descriptors.length);
  const parts = [...fractions].map(([symbol, fraction]) => ({ symbol, fraction, of: elements.get(symbol)! }));
  for (const { symbol, fraction } of parts) values[symbols.indexOf(symbol)] = fraction;
  const most = Math.max(...parts.map(({ fraction }) => fraction));
  const frequent = parts.filter(({ fraction }) => fraction > most - 1e-9);
  properties.forEach((_, at) => {
    let [least, greatest, mean, deviation, mode] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
    for (const { fraction, of } of parts) {
      least = Math.min(least, of[at]!);
      greatest = Math.max(greatest, of[at]!);
      mean += fraction * of[at]!;
    }
    for (const { fraction, of } of parts) deviation += fraction * Math.abs(of[at]! - mean);
    for (const { of } of frequent) mode += of[at]! / frequent.length;
    values.set([least, greatest, greatest - least, mean, deviation, mode], symbols.length + at * statistics.length);
  });
  return values;
}
