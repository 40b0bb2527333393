import { escapeHtml, htmlNote, htmlPng } from "../drawing/html.ts";
import type { OnPage } from "../drawing/player.ts";
import type { LabelFacts } from "./facts.ts";
import { measureText } from "./measure-text.ts";

/** A sample with its label. */
interface Sample extends OnPage {
  readonly label: string;
}

/** A test sample and its nearest training samples, nearest first. */
export interface NeighbourLine extends Sample {
  readonly found: readonly (Sample & { readonly similarity: number; readonly right?: boolean })[];
}

/** Nearest neighbours as a sheet (PNG), or as lines of texts, sounds or clips. */
export interface NeighboursPart {
  readonly sheet?: Uint8Array;
  readonly lines?: readonly NeighbourLine[];
}

export const NEIGHBOURS_STYLE = `
  .heard { display: flex; gap: 0.8rem; margin: 0.9rem 0; } .heard > div { flex: 1 1 0; min-width: 0; font-size: 0.85rem; }
  .heard > div:first-child { border-right: 1px solid #d9dde2; padding-right: 0.8rem; }
  .heard img, .heard audio, .heard video { width: 100%; display: block; } .heard audio { height: 2rem; margin: 0.2rem 0; }`;

export function neighboursSection({ task }: LabelFacts, { sheet, lines = [] }: NeighboursPart): string {
  const { alike } = measureText[task];
  if (sheet) {
    const frames = alike === undefined ? "" : `; green frames: ${alike}, orange: others`;
    return `<figure>${htmlPng(sheet, "Test samples and their nearest training samples")}<figcaption>Left: test samples. Right: their nearest training samples by cosine similarity of the frozen features${frames}.</figcaption></figure>`;
  }
  const note =
    "Test samples and their nearest training samples by cosine similarity of the frozen features, with label and cosine.";
  return `${htmlNote(note)}${lines.map((line) => (line.player ? playedLine(line) : textLine(line))).join("\n")}`;
}

const verdict = (right: boolean | undefined) => (right === undefined ? "" : right ? "right" : "wrong");

const textLine = ({ text = "", label, found }: NeighbourLine): string => {
  const items = found.map(
    (match) =>
      `<li>${escapeHtml(match.text ?? "")} <span class="${verdict(match.right)}">${escapeHtml(match.label)}, ${match.similarity.toFixed(3)}</span></li>`,
  );
  return `<blockquote>${escapeHtml(text)} (${escapeHtml(label)})</blockquote><ol class="found">${items.join("")}</ol>`;
};

const playedLine = ({ found, ...query }: NeighbourLine): string => {
  const cells = found.map(
    (match) =>
      `${cellOf(match)}<span class="${verdict(match.right)}">${escapeHtml(match.label)}, ${match.similarity.toFixed(3)}</span>`,
  );
  return `<div class="heard">${[`${cellOf(query)}${escapeHtml(query.label)}`, ...cells].map((cell) => `<div>${cell}</div>`).join("")}</div>`;
};

const cellOf = ({ image, player = "" }: OnPage): string => `${image ? `<img src="${image}" alt="">` : ""}${player}`;
