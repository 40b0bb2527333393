/** NLVR's pictures of boxes with people's sentences (http://lic.nlp.cornell.edu/nlvr/, CC BY 4.0) as a table of pairs. */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { Rng } from "../../src/array/rng.ts";
import { root } from "../methods/shared.ts";
import { DATA } from "../series/machine.ts";

const folder = join(DATA, "nlvr");
export const work = join(root, "bench", "work", "nlvr");

/** Whether the data are there; says where they are looked for. */
export function hasNlvr(): boolean {
  if (existsSync(join(folder, "images.zip"))) return true;
  console.error(`no ${folder}/images.zip; set AUTODIDACT_DATA to the folder that has nlvr/`);
  return false;
}

interface Item {
  readonly type: "circle" | "square" | "triangle";
  readonly color: string;
  readonly size: number;
  readonly x_loc: number;
  readonly y_loc: number;
}

interface Example {
  readonly id: string;
  readonly sentence: string;
  readonly label: "true" | "false";
  readonly perms: readonly number[];
  readonly structured_rep: readonly (readonly Item[])[];
}

type Split = "dev" | "test" | "hidden";

const examplesOf = async (split: Split): Promise<Example[]> =>
  (await readFile(join(folder, `${split}.jsonl`), "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const colourOf = ({ color }: Item): string => (color.startsWith("#") ? "blue" : color.toLowerCase());

const BOX = 100;
/** Where each of the three boxes begins in a picture of 400 × 100 pixels, and in one of 200 × 200. */
const FROM = [0, 150, 300];
const TO = [
  { x: 0, y: 0 },
  { x: BOX, y: 0 },
  { x: 0, y: BOX },
];
/**
 * The boxes of a picture, two above one, as a square: encoders read squares, and little would be left of them in a row.
 * @param only one of them, in its place, without some of its objects
 */
async function square(
  png: Uint8Array,
  side: number,
  only?: { readonly box: number; readonly without: readonly Item[] },
): Promise<Buffer> {
  const { data } = await sharp(png).removeAlpha().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const pixels = Buffer.alloc(4 * BOX * BOX * 3, 255);
  TO.forEach(({ x, y }, box) => {
    if (only && box !== only.box) return;
    for (let row = 0; row < BOX; row++) {
      const start = 3 * (row * 4 * BOX + FROM[box]!);
      pixels.set(data.subarray(start, start + 3 * BOX), 3 * ((y + row) * 2 * BOX + x));
    }
  });
  if (only) {
    const { x, y } = TO[only.box]!;
    const ground = Buffer.from(pixels.subarray(3 * ((y + 2) * 2 * BOX + x + 2), 3 * ((y + 2) * 2 * BOX + x + 3)));
    for (const { x_loc, y_loc, size } of only.without)
      for (let row = y_loc; row < Math.min(BOX, y_loc + size); row++)
        for (let column = x_loc; column < Math.min(BOX, x_loc + size); column++)
          pixels.set(ground, 3 * ((y + row) * 2 * BOX + x + column));
  }
  const raw = { width: 2 * BOX, height: 2 * BOX, channels: 3 } as const;
  return sharp(pixels, { raw }).resize(side, side).png().toBuffer();
}

/** Every object of picture 0, in shares of the square, named by its colour and shape. */
const boxesOf = ({ structured_rep: boxes }: Example) =>
  boxes.flatMap((items, box) =>
    items.map((item) => ({
      x: (TO[box]!.x + item.x_loc) / (2 * BOX),
      y: (TO[box]!.y + item.y_loc) / (2 * BOX),
      width: item.size / (2 * BOX),
      height: item.size / (2 * BOX),
      phrase: `${colourOf(item)} ${item.type}`,
    })),
  );

const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Sentences that are true of a picture, made of its structure, in the words that people used. */
function madeSentences({ structured_rep: boxes }: Example, rng: Rng, count: number): string[] {
  const items = boxes.flat();
  const isTower = items.every(({ type, x_loc }) => type === "square" && x_loc === 40);
  const pick = <Value>(values: readonly Value[]): Value => values[rng.integer(0, values.length - 1)]!;
  const number = (value: number) => (rng.chance(0.5) && value < WORDS.length ? WORDS[value]! : String(value));
  const things = (value: number, name: string) => `${number(value)} ${name}${value === 1 ? "" : "s"}`;
  const are = (value: number) => (value === 1 ? "is" : "are");
  const makers = [
    () => {
      const item = pick(items);
      const name = isTower ? "block" : pick([item.type, "item"]);
      const total = items.filter(
        (one) => colourOf(one) === colourOf(item) && (name === "block" || name === "item" || one.type === item.type),
      ).length;
      return `There ${are(total)} ${number(total)} ${colourOf(item)} ${name}${total === 1 ? "" : "s"}`;
    },
    () => {
      const box = pick(boxes.filter(({ length }) => length > 0));
      const item = pick(box);
      const total = box.filter((one) => colourOf(one) === colourOf(item) && one.type === item.type).length;
      const name = `${colourOf(item)} ${isTower ? "block" : item.type}`;
      return `There is a ${isTower ? "tower" : "box"} with ${things(total, name)}`;
    },
    () => {
      const box = pick(boxes.filter(({ length }) => length > 0));
      return isTower
        ? `There is a tower with ${things(box.length, "block")}`
        : `There is a box with ${things(box.length, "item")}`;
    },
    () => {
      const [end, at] = pick([
        ["top", 0],
        ["base", 1],
      ] as const);
      const ends = boxes
        .filter(({ length }) => length > 0)
        .map((box) => {
          const order = [...box].sort((a, b) => a.y_loc - b.y_loc);
          return colourOf(order[at === 0 ? 0 : order.length - 1]!);
        });
      const colour = pick(ends);
      const total = ends.filter((one) => one === colour).length;
      return `There ${are(total)} ${things(total, isTower ? "tower" : "box").replace(/boxs$/, "boxes")} with a ${colour} ${isTower ? "block" : "item"} at the ${end}`;
    },
  ];
  // At the top of a box is what lies highest, which people do not say of items that lie about.
  const possible = isTower ? makers : makers.slice(0, 3);
  return Array.from({ length: count }, () => pick(possible)());
}

export interface TableOptions {
  /** Side of the pictures in pixels. */
  readonly side: number;
  /** Sentences from the structure beside people's; 0 for people's alone. */
  readonly made: number;
  /** Of every box also one group of like objects by itself, with sentences from its structure: what words mean is learned there first. */
  readonly singles?: boolean;
  /** Only the pictures whose objects' places are known. */
  readonly boxed?: boolean;
}

/**
 * Writes the examples of some splits as squares with a table, once.
 * @returns the table's path
 */
export async function writeTable(
  name: string,
  splits: readonly Split[],
  { side, made, singles = false, boxed = false }: TableOptions,
): Promise<string> {
  const out = join(work, `${name}-${side}-${made}${singles ? "-singles" : ""}${boxed ? "-boxed" : ""}`);
  const table = join(out, "pairs.jsonl");
  if (existsSync(table)) return table;
  await mkdir(join(out, "images"), { recursive: true });
  const files = unzipSync(await readFile(join(folder, "images.zip")), {
    filter: ({ name: file }) => splits.some((split) => file.startsWith(`${split}/`)) && /-[02]\.png$/.test(file),
  });
  const lines: string[] = [];
  const add = async (path: string, png: Buffer, row: Readonly<Record<string, unknown>>) => {
    await writeFile(join(out, path), png);
    lines.push(JSON.stringify({ path, key: path, ...row }));
  };
  for (const split of splits)
    for (const example of await examplesOf(split)) {
      const isTrue = example.label === "true";
      for (const perm of boxed ? [0] : example.perms) {
        const file = files[`${split}/${split}-${example.id}-${perm}.png`];
        const rng = new Rng(0).split(`${example.id} ${perm}`);
        const captions = [...(isTrue ? [example.sentence] : []), ...madeSentences(example, rng, made)];
        if (!file || captions.length === 0) continue;
        const base = `images/${split}-${example.id}-${perm}`;
        await add(`${base}.png`, await square(file, side), {
          ...{ captions, label: example.label },
          // The structure is of picture 0; the others have the boxes in another order.
          ...(perm === 0 ? { boxes: boxesOf(example) } : {}),
        });
        if (!singles || perm !== 0) continue;
        for (const [box, items] of example.structured_rep.entries())
          if (items.length > 0) {
            const one = items[rng.integer(0, items.length - 1)]!;
            const isSame = (item: Item) => item.type === one.type && colourOf(item) === colourOf(one);
            await add(
              `${base}-box${box}.png`,
              await square(file, side, { box, without: items.filter((item) => !isSame(item)) }),
              {
                captions: madeSentences({ ...example, structured_rep: [items.filter(isSame)] }, rng, 3),
                label: "box",
              },
            );
          }
      }
    }
  await writeFile(table, `${lines.join("\n")}\n`);
  return table;
}
