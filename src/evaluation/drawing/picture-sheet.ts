import type { OverlayOptions } from "sharp";
import type { Picture } from "../../data/picture.ts";
import { loadSharp } from "../../interop/sharp.ts";
import { escapeHtml } from "./html.ts";

/** Rows of pictures under titles. */
export interface PictureSheet {
  readonly title: string;
  readonly columns: readonly string[];
  /** A picture for each column, or undefined. */
  readonly rows: readonly (readonly (Picture | undefined)[])[];
}

const CELL = 96;
const GAP = 8;
const HEAD = 52;

/** Longer titles would overlap the next column's. */
const shortened = (text: string) => (text.length > 15 ? `${text.slice(0, 14)}…` : text);

/** The sheet as PNG; small pictures are enlarged without smoothing, so that pixels can be seen. */
export async function pictureSheet({ title, columns, rows }: PictureSheet): Promise<Buffer> {
  const sharp = await loadSharp();
  const across = Math.max(4, columns.length, ...rows.map(({ length }) => length));
  const width = GAP + across * (CELL + GAP);
  const height = HEAD + rows.length * (CELL + GAP);
  const left = (column: number) => GAP + column * (CELL + GAP);
  const titles = columns.map(
    (name, column) =>
      `<text x="${left(column) + CELL / 2}" y="44" text-anchor="middle" font-size="11" fill="#555">${escapeHtml(shortened(name))}</text>`,
  );
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEAD}" font-family="sans-serif"><text x="${GAP}" y="20" font-size="14" fill="#222">${escapeHtml(title)}</text>${titles.join("")}</svg>`;
  const overlays: OverlayOptions[] = [{ input: Buffer.from(text), top: 0, left: 0 }];
  for (const [row, pictures] of rows.entries())
    for (const [column, picture] of pictures.entries()) {
      if (!picture) continue;
      const input = await sharp(picture.rgb, { raw: { width: picture.width, height: picture.height, channels: 3 } })
        .resize(CELL, CELL, {
          fit: "contain",
          background: "#ffffff",
          kernel: picture.width < CELL ? "nearest" : "lanczos3",
        })
        .png()
        .toBuffer();
      overlays.push({ input, top: HEAD + row * (CELL + GAP), left: left(column) });
    }
  return sharp({ create: { width, height, channels: 3, background: "#ffffff" } })
    .composite(overlays)
    .png()
    .toBuffer();
}
