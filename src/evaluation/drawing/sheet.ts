import type { OverlayOptions } from "sharp";
import type { Picture } from "../../data/picture.ts";
import { loadSharp } from "../../interop/sharp.ts";

/** One row: the query, and its matches, nearest first. */
export interface SheetRow {
  readonly query: Picture;
  readonly matches: readonly { readonly picture: Picture; readonly right?: boolean }[];
}

const CELL = 72;
const GAP = 8;
const FRAME = 3;
const BETWEEN = 20;
const COLORS = { query: "#444444", right: "#009E73", wrong: "#D55E00", unknown: "#c8ccd2" };

async function cell({ width, height, rgb }: Picture, color: string): Promise<Buffer> {
  const sharp = await loadSharp();
  const inner = CELL - 2 * FRAME;
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(inner, inner, { fit: "contain", background: "#ffffff", kernel: width < inner ? "nearest" : "lanczos3" })
    .extend({ top: FRAME, bottom: FRAME, left: FRAME, right: FRAME, background: color })
    .png()
    .toBuffer();
}

/** PNG with queries on the left in grey frames, and their matches to the right: same class in green, others in orange. */
export async function neighbourSheet(rows: readonly SheetRow[]): Promise<Buffer> {
  const sharp = await loadSharp();
  const columns = Math.max(...rows.map((row) => row.matches.length));
  const width = GAP + CELL + BETWEEN + columns * (CELL + GAP);
  const height = GAP + rows.length * (CELL + GAP);
  const overlays: OverlayOptions[] = [];
  for (const [at, { query, matches }] of rows.entries()) {
    const top = GAP + at * (CELL + GAP);
    overlays.push({ input: await cell(query, COLORS.query), top, left: GAP });
    for (const [rank, { picture, right }] of matches.entries()) {
      const color = right === undefined ? COLORS.unknown : right ? COLORS.right : COLORS.wrong;
      overlays.push({ input: await cell(picture, color), top, left: GAP + CELL + BETWEEN + rank * (CELL + GAP) });
    }
  }
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .composite(overlays)
    .png()
    .toBuffer();
}
