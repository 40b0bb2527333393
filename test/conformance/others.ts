import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModalityOptions } from "../../src/data/index.ts";
import { writeClips } from "../fixtures/clips.ts";
import { writeTones } from "../fixtures/tone/write.ts";
import { CORPUS } from "../modalities/text/corpus.ts";
import { writeImages } from "../support/cli.ts";

/** A table of texts of two classes. */
export async function writeTexts(folder: string): Promise<string> {
  const file = join(folder, "texts.csv");
  const rows = CORPUS.slice(0, 60).map((line, index) => `"${line}",${index % 2 ? "odd" : "even"}`);
  await writeFile(file, ["text,label", ...rows].join("\n"));
  return file;
}

/** Data of every kind that the tests have, but for one. @returns their paths */
export async function writeOthers(folder: string, but: keyof ModalityOptions | "tone"): Promise<string[]> {
  const [images, tones, clips] = ["images", "tones", "clips"].map((kind) => join(folder, `other-${kind}`)) as [
    string,
    string,
    string,
  ];
  await writeImages(images, 1);
  await writeTones(tones, 1);
  await writeClips(clips, 1);
  const all = { image: images, tone: tones, text: await writeTexts(folder), video: clips };
  return Object.entries(all).flatMap(([kind, path]) =>
    // Tones are recordings, and moving GIFs may be meant as images.
    kind === but || (kind === "tone" && but === "audio") || (kind === "video" && but === "image") ? [] : [path],
  );
}
