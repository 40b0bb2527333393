import { eachRow, type Series, sampledAt } from "../series.ts";

/** Steps that differ by less than this are the same. */
const SAME = 0.01;

/** Whether two steps are the same; one that is not known is. */
export const isSame = (one: number | undefined, other: number | undefined): boolean =>
  one === undefined || other === undefined || Math.abs(one / other - 1) < SAME;

/** The series at steps of this length, computed between its own, or from the mean of several. */
export function resampled(series: Series, step: number | undefined): Series {
  const { length } = series;
  if (step === undefined || series.step === undefined || isSame(series.step, step)) return series;
  const factor = step / series.step;
  const count = Math.max(1, Math.floor((length - 1) / factor) + 1);
  const smooth = factor > 1 ? averaged(series, Math.round(factor)) : series;
  return {
    ...sampledAt(
      smooth,
      Float64Array.from({ length: count }, (_, at) => at * factor),
    ),
    step,
  };
}

/** The mean of `width` steps around each, so that what is faster than the new steps does not alias. */
function averaged(series: Series, width: number): Series {
  if (width < 2) return series;
  const half = Math.floor(width / 2);
  return eachRow(series, (row) =>
    Float32Array.from(row, (_, at) => {
      let [sum, count] = [0, 0];
      for (let near = Math.max(0, at - half); near < Math.min(row.length, at - half + width); near++) {
        const value = row[near]!;
        if (Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
      return count > 0 ? sum / count : Number.NaN;
    }),
  );
}
