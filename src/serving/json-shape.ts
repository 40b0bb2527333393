const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, OPEN_OBJECT, CLOSE_LIST, CLOSE_OBJECT] = [0x5b, 0x7b, 0x5d, 0x7d];

/** What JSON looks like from outside: a few milliseconds for megabytes whose parsing takes half a second. */
export interface JsonShape {
  /** Lists and objects within each other, at most. */
  readonly depth: number;
  /** Most values that all lists and objects can have together: one more than the commas. */
  readonly values: number;
}

/** The shape of JSON in UTF-8, which need not be well-formed. */
export function jsonShape(json: Uint8Array): JsonShape {
  let [depth, deepest, commas] = [0, 0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = endOfString(json, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === COMMA) commas++;
  }
  return { depth: deepest, values: commas + 1 };
}

/** Where the string that starts at `start` has its closing quote; the end if it has none. */
function endOfString(json: Uint8Array, start: number): number {
  let end = json.indexOf(QUOTE, start + 1);
  while (end >= 0 && isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1);
  return end < 0 ? json.length : end;
}

/** Whether an odd number of backslashes precedes. */
function isEscaped(json: Uint8Array, at: number): boolean {
  let before = at;
  while (json[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}
