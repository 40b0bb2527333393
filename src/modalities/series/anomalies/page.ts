import { escapeHtml, htmlTable } from "../../../evaluation/drawing/html.ts";
import { rowOf, type Series } from "../series.ts";
import type { Anomalies, Interval, ScoredSeries } from "./anomalies.ts";
import { stretchesOf } from "./steps.ts";

/** Size of a drawing, of its lanes, and of what stands beside them, in pixels. */
const [WIDTH, LANE, SCORE_LANE, MARGIN] = [960, 56, 80, 96];
/** Channels that are drawn. */
const MOST_CHANNELS = 6;
/** Places along a drawing; of several steps at one, the least and the greatest are drawn. */
const COLUMNS = 600;
/** Series and intervals on a page. */
const [MOST_SERIES, MOST_INTERVALS] = [30, 20];

const round = (value: number): string => String(Number(value.toFixed(1)));
const digits = (value: number): string => String(Number(value.toPrecision(3)));

/** A line through values, from the least to the greatest where several fall on a place; broken where a value is missing. */
function lineOf(values: Float32Array, [low, high]: readonly [number, number], top: number, height: number): string {
  const scale = high > low ? height / (high - low) : 0;
  const y = (value: number): string => round(top + height - (value - low) * scale);
  const columns = Math.min(COLUMNS, values.length);
  let [path, isOpen] = ["", false];
  for (let column = 0; column < columns; column++) {
    const from = Math.floor((column * values.length) / columns);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / columns));
    const here = values.subarray(from, to).filter((value) => !Number.isNaN(value));
    if (here.length === 0) {
      isOpen = false;
      continue;
    }
    const x = round(MARGIN + (columns === 1 ? 0 : (column * (WIDTH - MARGIN)) / (columns - 1)));
    const [least, most] = [Math.min(...here), Math.max(...here)];
    path += `${isOpen ? "L" : "M"}${x} ${y(least)}${least === most ? "" : `L${x} ${y(most)}`}`;
    isOpen = true;
  }
  return path;
}

const rangeOf = (values: Float32Array): [number, number] => {
  const known = values.filter((value) => !Number.isNaN(value));
  return known.length === 0
    ? [0, 1]
    : [known.reduce((least, value) => Math.min(least, value)), known.reduce((most, value) => Math.max(most, value))];
};

/** Channels that are drawn: those that vary. */
function shownOf(series: Series): number[] {
  const varying = series.channels.flatMap((_, channel) => {
    const [low, high] = rangeOf(rowOf(series, channel));
    return high > low ? [channel] : [];
  });
  return (varying.length > 0 ? varying : [...series.channels.keys()]).slice(0, MOST_CHANNELS);
}

/**
 * A drawing (SVG) of a series: its channels, and below them the score with the threshold; stretches above it are shaded, and
 * steps that are labelled as anomalous have a bar under the score.
 */
export function anomalyDrawing(
  { name, series, scores, isAnomalous }: ScoredSeries,
  { threshold, intervals }: Pick<Anomalies, "threshold" | "intervals">,
): string {
  const shown = shownOf(series);
  const bottom = shown.length * LANE;
  const height = bottom + SCORE_LANE + 28;
  const x = (step: number): number => MARGIN + (step * (WIDTH - MARGIN)) / Math.max(1, series.length);
  const parts: string[] = [];
  for (const { start, end } of intervals.filter((interval) => interval.series === name))
    parts.push(
      `<rect x="${round(x(start))}" y="0" width="${round(Math.max(1, x(end) - x(start)))}" height="${bottom + SCORE_LANE}" fill="#fde2d2"/>`,
    );
  shown.forEach((channel, lane) => {
    const row = rowOf(series, channel);
    const top = lane * LANE + 6;
    parts.push(
      `<text x="0" y="${top + LANE / 2}">${escapeHtml(series.channels[channel]!.slice(0, 14))}</text>`,
      `<path d="${lineOf(row, rangeOf(row), top, LANE - 12)}" stroke="#0072b2"/>`,
    );
  });
  const top = bottom + 6;
  const range: [number, number] = [0, Math.max(rangeOf(scores)[1], threshold * 1.1) || 1];
  const level = top + (SCORE_LANE - 12) * (1 - threshold / range[1]);
  parts.push(
    `<text x="0" y="${top + SCORE_LANE / 2}">score</text>`,
    `<path d="M${MARGIN} ${round(level)}H${WIDTH}" stroke="#8a8a8a" stroke-dasharray="4 3"/>`,
    `<path d="${lineOf(scores, range, top, SCORE_LANE - 12)}" stroke="#d55e00"/>`,
  );
  for (const { start, end } of isAnomalous ? stretchesOf(isAnomalous, 0, 1) : [])
    parts.push(
      `<rect x="${round(x(start))}" y="${bottom + SCORE_LANE}" width="${round(Math.max(1, x(end) - x(start)))}" height="4" fill="#333"/>`,
    );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const anchor = share === 0 ? "start" : share === 1 ? "end" : "middle";
    const at = round(MARGIN + share * (WIDTH - MARGIN));
    return `<text x="${at}" y="${height - 6}" text-anchor="${anchor}">${Math.round(share * series.length).toLocaleString("en")}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" font-family="system-ui, sans-serif" font-size="12" fill="#333"><title>${escapeHtml(name)}</title><rect width="${WIDTH}" height="${height}" fill="#fff"/><g fill="none" stroke-width="1.2">${parts.map((part) => (part.startsWith("<path") ? part : part.replace("<text", '<text stroke="none" fill="#333"'))).join("")}</g>${ticks.join("")}</svg>`;
}

/** A page that stands alone: the highest intervals, and each series with its score. */
export function anomaliesPage(found: Anomalies, title: string): string {
  const { series, intervals, measures, scoredBy, threshold } = found;
  // Those with something to see first.
  const highest = new Map<string, number>();
  for (const { series: name, score } of intervals) highest.set(name, Math.max(score, highest.get(name) ?? 0));
  const order = [...series].sort((a, b) => (highest.get(b.name) ?? 0) - (highest.get(a.name) ?? 0));
  const rows = intervals.slice(0, MOST_INTERVALS).map(intervalRow);
  const worth = measures.map(({ name, auroc, averagePrecision }) => [
    name,
    auroc.toFixed(3),
    averagePrecision.toFixed(3),
  ]);
  const drawings = order
    .slice(0, MOST_SERIES)
    .map((one) => `<h2>${escapeHtml(one.name)}</h2>\n${anomalyDrawing(one, found)}`);
  const left = series.length - drawings.length;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin-bottom: 0.3rem; overflow-wrap: anywhere; }
  table { border-collapse: collapse; } th, td { padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; font-weight: normal; }
  .scroll { overflow-x: auto; } svg { max-width: 100%; height: auto; }
</style>
<h1>${escapeHtml(title)}</h1>
<p>Scored by ${scoredBy}. The dashed line is the score that one in a hundred usual steps exceeds (${digits(threshold)}); what is above it is shaded${series.some(({ isAnomalous }) => isAnomalous) ? ", and a bar below marks what is labelled as anomalous" : ""}.</p>
${worth.length > 0 ? htmlTable(["by", "AUROC", "average precision"], worth) : ""}
<h2>${intervals.length === 0 ? "Nothing is above the threshold." : `The highest of ${intervals.length.toLocaleString("en")} intervals`}</h2>
${rows.length > 0 ? htmlTable(["series", "steps", "highest score"], rows) : ""}
${drawings.join("\n")}
${left > 0 ? `<p>${left.toLocaleString("en")} other series are in the table of scores.</p>` : ""}
</html>
`;
}

/** `pump 3`, `120–180`, `4.2`. */
export const intervalRow = ({ series, start, end, score }: Interval): string[] => [
  series,
  `${start}–${end - 1}`,
  digits(score),
];
