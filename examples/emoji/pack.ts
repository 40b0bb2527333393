/**
 * Makes the demo's data from the emoji in `../shared/data/emoji`: pictures of the three artists whose licences ask for no
 * share-alike, 48 pixels on white, as WebP, and tables of their captions: things to learn from, and things to be found.
 *
 *   node examples/emoji/pack.ts [folder]
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { unzipSync, type Zippable, zipSync } from "fflate";
import sharp from "sharp";
import * as z from "zod";

const [from = fileURLToPath(new URL("../../../shared/data/emoji", import.meta.url))] = process.argv.slice(2);
const to = fileURLToPath(new URL("data/", import.meta.url));
const ARTISTS = ["noto", "twemoji", "fluent"];
const SIDE = 48;
/** Archives hold times: one for all, so that the same pictures make the same file. */
const MADE = new Date(2026, 0, 1);

const text = z.string();
const Rows = z.array(z.object({ path: text, set: text, codepoint: text, name: text, keywords: text, split: text }));
const rows = Rows.parse(parse(await readFile(join(from, "captions.csv")), { columns: true })).filter(({ set }) =>
  ARTISTS.includes(set),
);
for (const table of ["train", "test"])
  await writeFile(
    join(to, `${table}.csv`),
    stringify([
      ["path", "caption", "key", "artist"],
      ...rows
        .filter(({ split }) => (split === "test") === (table === "test"))
        .map(({ path, name, keywords, codepoint, set }) => [
          path.replace(/\.png$/, ".webp"),
          [name, ...keywords.split("; ").filter((word) => word !== "" && word !== name)].join(", "),
          codepoint,
          set,
        ]),
    ]),
  );

const wanted = new Set(rows.map(({ path }) => path));
const archive = unzipSync(await readFile(join(from, "images.zip")), { filter: ({ name }) => wanted.has(name) });
const files: Zippable = {};
for (const [name, bytes] of Object.entries(archive)) {
  const small = await sharp(bytes).resize(SIDE, SIDE).webp({ quality: 80, effort: 6 }).toBuffer();
  files[name.replace(/\.png$/, ".webp")] = [small, { level: 0, mtime: MADE }];
}
await writeFile(join(to, "images.zip"), zipSync(files));
console.log(`${Object.keys(files).length} pictures of ${new Set(rows.map(({ codepoint }) => codepoint)).size} things`);
