import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { root } from "../methods/shared.ts";

const shared = process.env.AUTODIDACT_DATA ?? `${root}/../shared/data`;

/** Where a recording goes; undefined for what is not used. */
type Place = readonly [part: "train" | "validation" | "test", label: string, file: string] | undefined;

/** Labelled recordings, split so that settings are chosen without the test part. */
export interface SoundSet {
  readonly name: string;
  /** In `$AUTODIDACT_DATA` or ../shared/data. */
  readonly archive: string;
  readonly classes: number;
  /** Labels a class that the table has columns for, besides all. */
  readonly shots: readonly number[];
  /** Minutes of pre-training on two cores. */
  readonly minutes: number;
  /** @param path in the archive */
  place(path: string): Place;
}

export const sets: readonly SoundSet[] = [
  {
    name: "arabic",
    archive: "arabic-speech-commands/commands.zip",
    ...{ classes: 20, shots: [5, 10], minutes: 10 },
    // The authors' split: no speaker is in two parts.
    place(path) {
      const [part = "", label = "", file = ""] = path.split("/");
      if (part === "train" || part === "test") return [part, label, file];
      return part === "val" ? ["validation", label, file] : undefined;
    },
  },
  {
    name: "fsdd",
    archive: "fsdd/recordings.zip",
    ...{ classes: 10, shots: [5, 10], minutes: 5 },
    // The authors' test part, index 0 to 4; of the others a tenth for settings.
    place(path) {
      const [, file, digit, index] = /((\d)_\w+_(\d+)\.wav)$/.exec(path) ?? [];
      if (!file || !digit) return undefined;
      const number = Number(index);
      return [number < 5 ? "test" : number < 10 ? "validation" : "train", digit, file];
    },
  },
  {
    name: "heart",
    archive: "heart-sounds/recordings.zip",
    ...{ classes: 4, shots: [1, 5, 10], minutes: 5 },
    // No published split: every fifth number is for the test, and every fifth after it for settings.
    place(path) {
      const [, label, file, number] = /(\w+)\/((\d+)\.flac)$/.exec(path) ?? [];
      if (!label || !file) return undefined;
      const rest = Number(number) % 5;
      return [rest === 0 ? "test" : rest === 1 ? "validation" : "train", label, file];
    },
  },
];

/** Folders of a set's parts, unpacked once; undefined where its archive is missing. */
export async function unpacked({ name, archive, place }: SoundSet) {
  const path = join(shared, archive);
  if (!existsSync(path)) {
    console.log(`${name}: no ${path}; set AUTODIDACT_DATA`);
    return undefined;
  }
  const folder = `${root}/bench/work/audio/${name}`;
  if (!existsSync(folder)) {
    const making = `${folder}.unpacking`;
    for (const [entry, bytes] of Object.entries(unzipSync(await readFile(path)))) {
      const found = bytes.length > 0 ? place(entry) : undefined;
      if (!found) continue;
      const file = join(making, ...found);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
    await rename(making, folder);
  }
  return { train: `${folder}/train`, validation: `${folder}/validation`, test: `${folder}/test` };
}
