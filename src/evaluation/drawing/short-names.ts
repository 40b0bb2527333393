import { escapeHtml } from "./html.ts";

/** Characters that a name along a side of a chart may have. */
const MOST = 16;

/**
 * Names short enough to stand along a chart, and still each its own: without what all begin with, and with their middle
 * left out where that tells them apart; else with their place in front. Names that are short stay as they are.
 */
export function shortNames(names: readonly string[], most = MOST): string[] {
  const all = names.map((name) => [...name]);
  if (all.every(({ length }) => length <= most)) return [...names];
  const shared = sharedWords(names);
  const rests = shared > 0 ? all.map((name) => ["…", ...name.slice(shared)]) : all;
  const middle = Math.floor(most / 2);
  // As even as can be first: both ends tell something.
  const heads = Array.from({ length: most - 1 }, (_, at) => at).sort(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle),
  );
  for (const head of heads) {
    const short = rests.map((name) => withoutMiddle(name, head, most));
    if (new Set(short).size === new Set(names).size) return short;
  }
  return rests.map((name, at) => {
    const place = [...`${at + 1} `];
    return [...place, ...withoutMiddle(name, middle - place.length, most - place.length)].join("");
  });
}

const withoutMiddle = (name: readonly string[], head: number, most: number): string =>
  name.length <= most
    ? name.join("")
    : [...name.slice(0, head), "…", ...name.slice(name.length - (most - head - 1))].join("");

/** Characters of the whole words that all names begin with, if there are two names or more and something is left of each. */
function sharedWords(names: readonly string[]): number {
  if (names.length < 2) return 0;
  const [first = "", ...others] = names;
  const words = first.match(/[^/_\-.:\s]*[/_\-.:\s]+/g) ?? [];
  let shared = "";
  for (const word of words) {
    const next = shared + word;
    if (!others.every((name) => name.startsWith(next)) || names.includes(next)) break;
    shared = next;
  }
  // One character saves nothing: the ellipsis takes its place.
  return shared.length > 1 ? [...shared].length : 0;
}

/** Roughly how wide a text of 12 px is. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + (character > "\u2e7f" ? 12.5 : 7), 0);

/** The whole names of shortened ones, as what a pointer over them or a screen reader tells. */
export function withTitles(svg: string, names: readonly string[], short: readonly string[]): string {
  const whole = new Map(short.map((text, at) => [escapeHtml(text), escapeHtml(names[at]!)]));
  return svg.replaceAll(/(<text [^>]*>)([^<]*)(?=<\/text>)/g, (all, open: string, text: string) => {
    const title = whole.get(text);
    return title === undefined || title === text ? all : `${open}<title>${title}</title>${text}`;
  });
}
