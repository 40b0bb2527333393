import { escapeHtml } from "./html.ts";

/** Most characters of a name along a side of a chart. */
const MOST = 16;

/**
 * Shortens names to fit along a chart while keeping them distinct: drops their common prefix, then their middle, or, if
 * that makes names equal, prepends their position. Short names stay unchanged.
 */
export function shortNames(names: readonly string[], most = MOST): string[] {
  const all = names.map((name) => [...name]);
  if (all.every(({ length }) => length <= most)) return [...names];
  const shared = sharedWords(names);
  const rests = shared > 0 ? all.map((name) => ["…", ...name.slice(shared)]) : all;
  const middle = Math.floor(most / 2);
  // Tries even splits first: both ends are informative.
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

/** Length of the whole words that two or more names all start with, leaving something of each. */
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
  // Dropping one character saves nothing: the ellipsis replaces it.
  return shared.length > 1 ? [...shared].length : 0;
}

/** Approximate width in px of a text of 12 px. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + (character > "\u2e7f" ? 12.5 : 7), 0);

/** Adds full names as titles of shortened ones, for hovering and screen readers. */
export function withTitles(svg: string, names: readonly string[], short: readonly string[]): string {
  const whole = new Map(short.map((text, at) => [escapeHtml(text), escapeHtml(names[at]!)]));
  return svg.replaceAll(/(<text [^>]*>)([^<]*)(?=<\/text>)/g, (all, open: string, text: string) => {
    const title = whole.get(text);
    return title === undefined || title === text ? all : `${open}<title>${title}</title>${text}`;
  });
}
