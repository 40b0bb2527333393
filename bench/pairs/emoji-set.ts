/** The emoji: 1,644 things, each drawn by up to four artists, with a name and keywords (`../shared/data/emoji`). */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "csv-parse/sync";
import { unzipSync } from "fflate";
import * as z from "zod";
import { Rng } from "../../src/array/index.ts";
import { DATA } from "../series/machine.ts";

const FOLDER = join(DATA, "emoji");

const Rows = z.array(
  z
    .object({
      ...{ path: z.string(), set: z.string(), codepoint: z.string(), name: z.string() },
      ...{ keywords: z.string(), group: z.string(), subgroup: z.string(), split: z.enum(["train", "val", "test"]) },
    })
    .transform(({ keywords, codepoint, ...rest }) => ({
      ...rest,
      key: codepoint,
      keywords: keywords.split(";").flatMap((word) => word.trim() || []),
    })),
);

/** A picture: of which thing (`key`), by which artist (`set`), and what is said of it. */
export type Emoji = z.infer<typeof Rows>[number];

/** All pictures in the order of the table; a thing is in one part only. */
export async function emoji(): Promise<Emoji[]> {
  return Rows.parse(parse(await readFile(join(FOLDER, "captions.csv")), { columns: true }));
}

/** Unpacks the pictures of some things to their paths below a folder. */
export async function unpackPictures(to: string, pictures: readonly Emoji[]): Promise<void> {
  const wanted = new Set(pictures.map(({ path }) => path));
  const archive = unzipSync(await readFile(join(FOLDER, "images.zip")), { filter: ({ name }) => wanted.has(name) });
  for (const [name, bytes] of Object.entries(archive)) {
    await mkdir(dirname(join(to, name)), { recursive: true });
    await writeFile(join(to, name), bytes);
  }
}

/** Everything that is said of a thing: `grinning face, cheerful, cheery …`. */
export const wholeCaption = ({ name, keywords }: Pick<Emoji, "name" | "keywords">): string =>
  [name, ...keywords.filter((word) => word !== name)].join(", ");

/**
 * Captions to learn from: the whole one, and others with some of the keywords in another order, most of them with the name. Those
 * of one thing are the same for all its artists.
 * @param count of all captions; 1 for the whole one
 * @param least share of the keywords that every caption has
 */
export function captionsOf(thing: Emoji, count: number, least: number): string[] {
  const { name, keywords } = thing;
  const captions = new Set([wholeCaption(thing)]);
  const rng = new Rng(0).split(thing.key);
  // A thing of two keywords has few captions.
  for (let at = 0; captions.size < count && at < 4 * count; at++) {
    const draw = rng.split(at);
    const order = [...draw.permutation(keywords.length)].map((place) => keywords[place]!);
    const some = order.slice(
      0,
      draw.split("count").integer(Math.max(1, Math.ceil(least * keywords.length)), keywords.length),
    );
    captions.add((draw.split("name").chance(0.8) ? [name, ...some.filter((word) => word !== name)] : some).join(", "));
  }
  return [...captions];
}

/** Writes a table of pictures with captions beside the unpacked pictures. @returns its path */
export async function writeTable(
  folder: string,
  name: string,
  pictures: readonly Emoji[],
  captions: (picture: Emoji) => readonly string[],
): Promise<string> {
  const file = join(folder, `${name}.jsonl`);
  const lines = pictures.map((picture) => {
    const { path, key, set, split, group } = picture;
    return JSON.stringify({ path, captions: captions(picture), key, set, split, group });
  });
  await writeFile(file, `${lines.join("\n")}\n`);
  return file;
}

/** Groups of things, with what their kinds are called: `animal mammal`, `animal bird` … */
export function groupPrompts(pictures: readonly Emoji[]): Record<string, string[]> {
  const groups = Map.groupBy(pictures, ({ group }) => group);
  return Object.fromEntries(
    [...groups].map(([group, some]) => [
      group,
      [...new Set(some.map(({ subgroup }) => subgroup.replaceAll("-", " ")))].sort(),
    ]),
  );
}
