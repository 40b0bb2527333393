import { isUtf8 } from "node:buffer";
import { extname } from "node:path/posix";
import * as z from "zod";
import { type Collection, collectFiles, type FilesManifest, filesOf } from "../../../data/files/collection.ts";
import type { Takes } from "../../../data/files/listing.ts";
import { BrokenSample, UserError } from "../../../foundation/errors.ts";
import { wantedImages } from "../../../pixels/decode/formats.ts";
import { EntryCollector, type Said } from "./entries.ts";

/** Endings of files with captions. */
const CAPTION_FILE = /\.(txt|caption|json)$/i;
/** Files of captions that are looked at to tell whether they are some. */
const LOOKED = 16;
/** Share of the images that must have captions for a folder to be one of pairs. */
const SHARE = 0.5;

const takes: Takes = (name) => CAPTION_FILE.test(name) || wantedImages.takes(name);
const wanted = { ...wantedImages, takes };

const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length);

/** Files at a path, by their places: images, and for each the files of its name that may have captions. */
interface Beside {
  readonly manifest: Collection["manifest"];
  readonly names: readonly string[];
  readonly images: readonly { readonly at: number; readonly captions: readonly number[] }[];
  /** Files of captions that no image has. */
  readonly lonely: readonly number[];
}

/** Images and the files that have their names but for the ending: `x.jpg`, `x.txt`; or `x.jpg.txt`. */
async function besideAt(path: string, except?: string) {
  const { manifest, leftOut } = await collectFiles(path, wanted, except);
  const { names } = manifest.kind === "folder" ? manifest : { names: manifest.entries.map(({ name }) => name) };
  const byStem = new Map<string, number[]>();
  for (const [at, name] of names.entries())
    if (CAPTION_FILE.test(name)) byStem.set(stemOf(name), [...(byStem.get(stemOf(name)) ?? []), at]);
  const used = new Set<number>();
  const images = [...names.entries()].flatMap(([at, name]) => {
    if (CAPTION_FILE.test(name)) return [];
    const captions = [stemOf(name), name].flatMap((stem) => byStem.get(stem) ?? []);
    for (const caption of captions) used.add(caption);
    return [{ at, captions }];
  });
  const lonely = [...byStem.values()].flat().filter((at) => !used.has(at));
  const beside: Beside = { manifest, names, images, lonely };
  return { ...beside, leftOut };
}

const Texts = z.union([z.string(), z.array(z.string())]);
/** A file beside an image as data sets for the web have them: other fields are passed over. */
const Record = z.looseObject({
  caption: Texts.optional(),
  captions: Texts.optional(),
  text: Texts.optional(),
  key: z.union([z.string(), z.number()]).optional(),
  label: z.union([z.string(), z.number()]).optional(),
});

/** What a file says of the image beside it; undefined if it says nothing of the kind. One caption a line, or JSON. */
function saidBy(name: string, bytes: Uint8Array): Pick<Said, "captions" | "key" | "label"> | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = Buffer.from(bytes)
    .toString("utf8")
    .replace(/^\ufeff/, "");
  if (!/\.json$/i.test(name)) return { captions: text.split(/\r?\n/) };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const list = Texts.safeParse(value);
  if (list.success) return { captions: [list.data].flat() };
  const record = Record.safeParse(value);
  if (!record.success) return undefined;
  const { caption, captions, text: written, key, label } = record.data;
  return {
    captions: [caption ?? [], captions ?? [], written ?? []].flat(),
    ...(key === undefined ? {} : { key: String(key) }),
    ...(label === undefined ? {} : { label: String(label) }),
  };
}

/** Whether a text is one that people write: boxes of objects are numbers. */
const isProse = (text: string): boolean => /\p{L}{2}|\p{Script=Han}|\p{Emoji_Presentation}/u.test(text);

/** Whether most images of a folder or an archive have a file with a caption beside them. */
export async function haveCaptions(path: string): Promise<boolean> {
  const found = await besideAt(path).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!found) return false;
  const { images, names, manifest } = found;
  const captioned = images.filter(({ captions }) => captions.length > 0);
  if (captioned.length === 0 || captioned.length < SHARE * images.length) return false;
  const files = filesOf(manifest);
  try {
    const looked = captioned.slice(0, LOOKED);
    const written = await Promise.all(
      looked.map(async ({ captions }) => {
        for (const at of captions) {
          const bytes = await files.bytes(at).catch(() => new Uint8Array());
          if (saidBy(names[at]!, bytes)?.captions.some(isProse)) return true;
        }
        return false;
      }),
    );
    return written.filter(Boolean).length > SHARE * looked.length;
  } finally {
    await files.close();
  }
}

const NOT_READ = {
  what: "files beside images without a caption that is read",
  advice: "UTF-8 text, or JSON with a caption",
};

/**
 * Reads images with the captions in files beside them.
 * @throws UserError when there are none
 */
export async function readBeside(path: string, except?: string) {
  const { manifest, names, images, lonely, leftOut } = await besideAt(path, except);
  const collector = new EntryCollector(path);
  collector.leave(leftOut);
  for (const at of lonely) collector.leave([{ what: "captions without an image", count: 1, example: names[at]! }]);
  const files = filesOf(manifest);
  const kept: number[] = [];
  try {
    for (const { at, captions } of images) {
      const name = names[at]!;
      const before = collector.count;
      const read: Pick<Said, "captions" | "key" | "label">[] = [];
      for (const file of captions) {
        const one = await files.bytes(file).then(
          (bytes) => saidBy(names[file]!, bytes),
          (error: unknown) => {
            if (error instanceof BrokenSample) return undefined;
            throw error;
          },
        );
        if (one) read.push(one);
        else collector.leave([{ ...NOT_READ, count: 1, example: names[file]! }]);
      }
      collector.add({
        image: name,
        captions: read.flatMap((one) => one.captions),
        key: read.find(({ key }) => key !== undefined)?.key,
        label: read.find(({ label }) => label !== undefined)?.label,
        where: name,
      });
      if (collector.count > before) kept.push(at);
    }
  } finally {
    await files.close();
  }
  const picked: FilesManifest =
    manifest.kind === "folder"
      ? { ...manifest, names: kept.map((at) => names[at]!) }
      : manifest.kind === "zip"
        ? { ...manifest, entries: kept.map((at) => manifest.entries[at]!) }
        : { ...manifest, entries: kept.map((at) => manifest.entries[at]!) };
  return { collector, files: picked };
}
