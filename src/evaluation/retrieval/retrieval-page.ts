import { offerOf, sides as sidesAbility } from "../../data/index.ts";
import type { Run } from "../../training/run/run.ts";
import { escapeHtml, htmlTable } from "../drawing/html.ts";
import { type OnPage, pageOf } from "../drawing/player.ts";
import { grouped } from "../scores/format.ts";
import { expectedRank } from "../scores/recall.ts";
import { evenly } from "../vectors/evenly.ts";
import { unitRows } from "../vectors/normalize.ts";
import type { PairEvaluation, RetrievalDetails } from "./pair-evaluation.ts";
import { RECALL_TITLES, recallCells } from "./pair-table.ts";
import type { RankedQuery } from "./ranked.ts";
import type { SideVectors } from "./side-vectors.ts";

/** Queries of the best and of the worst that are shown, candidates of each, and pairs in the matrix. */
const [QUERIES, CANDIDATES, PAIRS] = [6, 6, 12];

const CSS = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: #1b1f24; background: #fff; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; }
  table { border-collapse: collapse; } td, th { padding: 0.2rem 0.7rem; text-align: right; } th[scope=row] { text-align: left; font-weight: 500; }
  .scroll { overflow-x: auto; }
  .query { display: grid; grid-template-columns: 9rem repeat(${CANDIDATES}, minmax(5rem, 1fr)); gap: 0.6rem; margin: 0 0 1rem; align-items: start; }
  figure { margin: 0; font-size: 0.8rem; overflow-wrap: anywhere; }
  figure > div { border: 3px solid #c8ccd2; border-radius: 6px; min-height: 3rem; padding: 2px; }
  figure.hit > div { border-color: #009e73; } figure.query-sample > div { border-color: #444; }
  img { width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated; display: block; }
  .matrix td, .matrix th { padding: 0.15rem; font-size: 0.75rem; text-align: center; min-width: 3rem; max-width: 12rem; }
  .matrix th[scope=row] { text-align: right; } .matrix img { width: 2.6rem; margin: auto; } .matrix td.together { outline: 2px solid #111; }
  .note { color: #5b6470; }
`;

/** A self-contained page: the scores, similarities of some pairs, and the best and the worst that was found. */
export async function retrievalPage(run: Run, evaluation: PairEvaluation, details: RetrievalDetails): Promise<string> {
  const { directions, data, part, within, notes } = evaluation;
  const show = shower(run, details);
  const sections: string[] = [];
  for (const [at, { from, to, scores }] of directions.entries()) {
    const title = `<h2>${escapeHtml(`${from} → ${to}`)}</h2>`;
    const rows = scores.map((score) => [score.name, ...recallCells(score)]);
    const ranked = details.found[at]!.toSorted(
      (a, b) => expectedRank(a.place) - expectedRank(b.place) || lead(b) - lead(a),
    );
    const best = await queriesOf(ranked.slice(0, QUERIES), { from, to, details, show });
    const worst = await queriesOf(ranked.slice(-QUERIES).toReversed(), { from, to, details, show });
    sections.push(`${title}${htmlTable(["", ...RECALL_TITLES], rows)}<h3>Best</h3>${best}<h3>Worst</h3>${worst}`);
  }
  const about = `${grouped(data.used)} pairs: ${part}${within === undefined ? "" : `, within each ${within}`}. ${notes.join(" ")}`;
  const title = `${evaluation.run.method} on ${evaluation.run.encoder}, step ${evaluation.run.step}: what is found`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${CSS}</style>
<h1>${escapeHtml(title)}</h1>
<p class="note">${escapeHtml(about)} Green: hits.</p>
<h2>Similarities</h2>
${await matrixOf(details, show)}
${sections.join("\n")}
</html>
`;
}

/** How far the nearest candidate is ahead of the next one. */
const lead = ({ similarities }: RankedQuery): number => (similarities[0] ?? 0) - (similarities[1] ?? 0);

type Show = (side: string, row: number) => Promise<OnPage>;

/** Shows rows of a side's vectors, each read once. */
function shower({ modality }: Run, { source, vectors }: RetrievalDetails): Show {
  const sides = offerOf(modality, sidesAbility)!;
  const onPage = pageOf();
  const shown = new Map<string, OnPage>();
  return async (side, row) => {
    const key = `${side} ${row}`;
    const before = shown.get(key);
    if (before) return before;
    const { entries, places } = vectors.get(side)!;
    const sample = sides.samples(await source.read(entries[row]!), side)[places[row]!];
    const found = await onPage(await sides.modality(side).show(sample));
    shown.set(key, found);
    return found;
  };
}

const html = ({ image, text }: OnPage, name: string): string =>
  image ? `<img src="${image}" alt="${escapeHtml(name)}">` : escapeHtml(text ?? name);

interface Shown {
  readonly from: string;
  readonly to: string;
  readonly details: RetrievalDetails;
  readonly show: Show;
}

async function queriesOf(ranked: readonly RankedQuery[], { from, to, details, show }: Shown): Promise<string> {
  const { source, vectors } = details;
  const nameOf = (side: SideVectors, row: number) => source.name(side.entries[row]!);
  const [queries, candidates] = [vectors.get(from)!, vectors.get(to)!];
  const keyOf = (side: SideVectors, row: number) => source.keys?.[side.entries[row]!] ?? side.entries[row]!;
  const lines: string[] = [];
  for (const { query, nearest, similarities, place, candidates: count } of ranked) {
    const name = nameOf(queries, query);
    const rank = expectedRank(place);
    const first = `<figure class="query-sample"><div>${html(await show(from, query), name)}</div>${escapeHtml(name)}<br>first hit at rank ${Number(rank.toFixed(1))} of ${count}</figure>`;
    const found: string[] = [];
    for (const [at, row] of nearest.subarray(0, CANDIDATES).entries()) {
      const isHit = keyOf(candidates, row) === keyOf(queries, query);
      const other = nameOf(candidates, row);
      found.push(
        `<figure${isHit ? ' class="hit"' : ""}><div>${html(await show(to, row), other)}</div>${similarities[at]!.toFixed(3)}</figure>`,
      );
    }
    lines.push(`<div class="query">${first}${found.join("")}</div>`);
  }
  return lines.join("\n");
}

/** The cosines of some pairs' samples of both sides, from white to blue. */
async function matrixOf({ source, vectors }: RetrievalDetails, show: Show): Promise<string> {
  const [[first, across] = ["", undefined], [second, down] = ["", undefined]] = [...vectors];
  if (!across || !down) return "";
  const chosen = evenly(across.rows, PAIRS);
  const unitsOf = ({ data, rows, dim }: SideVectors) => unitRows(data, rows, dim);
  const [units, others] = [unitsOf(across), unitsOf(down)];
  const rowsDown = [...chosen].map((row) => down.entries.indexOf(across.entries[row]!));
  const cosine = (row: number, other: number) => {
    let sum = 0;
    for (let i = 0; i < across.dim; i++) sum += units[row * across.dim + i]! * others[other * down.dim + i]!;
    return sum;
  };
  const values = rowsDown.map((other) => [...chosen].map((row) => cosine(row, other)));
  const all = values.flat();
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const heads: string[] = [];
  for (const row of chosen)
    heads.push(`<th scope="col">${html(await show(first, row), source.name(across.entries[row]!))}</th>`);
  const lines: string[] = [];
  for (const [at, other] of rowsDown.entries()) {
    const head = html(await show(second, other), source.name(down.entries[other]!));
    const cells = values[at]!.map((value, column) => {
      const share = high > low ? (value - low) / (high - low) : 0;
      const colour = `rgb(${Math.round(255 - 255 * share)}, ${Math.round(255 - 141 * share)}, ${Math.round(255 - 77 * share)})`;
      return `<td${at === column ? ' class="together"' : ""} style="background:${colour};color:${share > 0.55 ? "#fff" : "#111"}">${value.toFixed(2)}</td>`;
    });
    lines.push(`<tr><th scope="row">${head}</th>${cells.join("")}</tr>`);
  }
  return `<div class="scroll" tabindex="0"><table class="matrix"><thead><tr><th></th>${heads.join("")}</tr></thead><tbody>
${lines.join("\n")}
</tbody></table></div><p class="note">Cosines of ${chosen.length} pairs; on the diagonal are those that belong together.</p>`;
}
