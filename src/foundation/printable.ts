/** Characters that a terminal obeys instead of showing: controls, and those that turn the direction of what follows. */
const CONTROLS = /[\p{Control}\p{Surrogate}\u2028-\u202e\u2066-\u2069]/gu;

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

const hex = (character: string, digits: number): string => character.charCodeAt(0).toString(16).padStart(digits, "0");

const escaped = (character: string): string =>
  escapes[character] ?? (character < "\u0100" ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`);

/** A name or a text from a file on one line, harmless in a terminal: `\x1b` for an escape sign, `\n` for a line break. */
export const printable = (text: string): string => text.replaceAll(CONTROLS, escaped);

const isLayout = (character: string): boolean => character === "\n" || character === "\t";

/** The same for a text of several lines: line breaks and tabs stay. */
export const printableLines = (text: string): string =>
  text.replaceAll(CONTROLS, (character) => (isLayout(character) ? character : escaped(character)));

/** JSON whose strings are harmless in a terminal, too; it means the same. */
export const printableJson = (json: string): string =>
  json.replaceAll(CONTROLS, (character) => (isLayout(character) ? character : `\\u${hex(character, 4)}`));

/** A name or a text from a file as a message quotes it: the beginning of a long one. */
export const shortened = (text: string, most = 30): string => (text.length > most ? `${text.slice(0, most)}…` : text);
