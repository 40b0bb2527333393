import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { drawnSquare, parquetOf, writePairs } from "../../test/fixtures/pairs.ts";
import { tarOf } from "../../test/support/tar.ts";
import { dataOf } from "./openers.ts";
import type { Lab } from "./seeds.ts";

/** Images with captions, whole, and how they are opened. */

const COUNT = 12;
const captions = Array.from({ length: COUNT }, (_, at) => [
  `a square, number ${at}`,
  at % 3 === 0 ? "مربع 🟥" : "ein Quadrat",
]);

export const csvs = async (): Promise<Buffer[]> => [
  Buffer.from(
    `path,caption,caption 2,key,label\n${captions.map(([one, two], at) => `images/${at}.png,"${one}",${two},k${at % 5},${at % 2}\n`).join("")}`,
  ),
];

export const jsonls = async (): Promise<Buffer[]> => [
  Buffer.from(
    captions.map((all, at) => `${JSON.stringify({ path: `images/${at}.png`, captions: all, key: at % 5 })}\n`).join(""),
  ),
];

export const parquets = async (): Promise<Buffer[]> => [Buffer.from(await parquetOf(0, COUNT, captions))];

/** The images that a table names. */
export const besideTable = (lab: Lab): Promise<string> =>
  lab.make("squares", async (folder) => {
    await writePairs(folder, COUNT);
  });

const filesBeside = async (): Promise<Record<string, Uint8Array>> => {
  const files: Record<string, Uint8Array> = {};
  for (const [at, all] of captions.slice(0, 6).entries()) {
    files[`${at}.png`] = (await drawnSquare(at)).png;
    files[`${at}.txt`] = Buffer.from(all.join("\n"));
  }
  return files;
};

export const zips = async (): Promise<Buffer[]> => [Buffer.from(zipSync(await filesBeside()))];
export const tars = async (): Promise<Buffer[]> => [await tarOf(await filesBeside())];

export const captionFiles = async (): Promise<Buffer[]> => [
  Buffer.from(JSON.stringify({ caption: captions[0]?.[0], captions: captions[0], key: 7, label: "a", width: 24 })),
];

/** Images of which one lacks its caption: the mutant. */
export const besideCaption = (lab: Lab): Promise<string> =>
  lab.make("captioned", async (folder) => {
    await mkdir(join(folder, "pairs"), { recursive: true });
    for (const [at, [caption = ""]] of captions.entries()) {
      await writeFile(join(folder, "pairs", `${at}.png`), (await drawnSquare(at)).png);
      if (at !== 1) await writeFile(join(folder, "pairs", `${at}.txt`), caption);
    }
  });

export const pair = dataOf("pair", { imageSize: 16, maxLength: 16, tokenizerKind: "bpe" });
