import { basename } from "node:path";
import { collectFiles, type FilesManifest, filesOf, recognisesFiles } from "../../data/files/collection.ts";
import { listFiles, type Takes } from "../../data/files/listing.ts";
import { type Labels, labelsFromTable, labelsOf, labelsOfFiles } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import { exceptOf, type OpenOptions, type Source } from "../../data/source.ts";
import { collectShards, packsFiles } from "../../data/tables/shards.ts";
import type { MemoryBudget } from "../../foundation/memory.ts";
import { areAnimations } from "../../pixels/animations.ts";
import { isImage, wantedImages } from "../../pixels/decode/formats.ts";
import type { Image } from "../../pixels/image.ts";
import type { ImageOptions } from "./options.ts";
import { type ArrayManifest, arraySource } from "./sources/array.ts";
import type { ImageCache } from "./sources/cache.ts";
import { isCifar, isCifarPart, openCifar } from "./sources/cifar.ts";
import { encodedSource, probe, type Reading } from "./sources/entries.ts";
import { idxFileOf, labelsNameOf, openIdx } from "./sources/idx.ts";
import { patientsOf } from "./sources/patients.ts";

type EncodedManifest = FilesManifest & { labels?: Labels; cache?: ImageCache | undefined; groups?: readonly string[] };
type Manifest = EncodedManifest | ArrayManifest;
const isManifest = (value: unknown): value is Manifest =>
  typeof value === "object" &&
  value !== null &&
  "kind" in value &&
  /^(folder|zip|tar|ranges|parquet|array)$/.test(String(value.kind));

/** The options that say what is read of images: how large, with how many channels, whether with more than 8 bits. */
type Wanted = Pick<ImageOptions, "imageSize" | "channels" | "bits">;

/** How images are decoded for an encoder. Two channels are grey with transparency, or two bands; four alike. */
const readingFor = ({ imageSize, channels, bits }: Wanted): Reading => ({
  shortSide: 2 * imageSize,
  keep: { depth: bits > 8, bands: true, alpha: channels === 2 || channels === 4 },
  channels,
});

/** The source of a manifest. Images are decoded at most at twice the encoder's side: random crops gain nothing from more. */
async function fromManifest(manifest: Manifest, options?: Wanted): Promise<Source<Image>> {
  if (manifest.kind === "array") return arraySource(manifest);
  const entries = filesOf(manifest);
  // Files that another kind of data has found have had no cache yet.
  const cache = "cache" in manifest ? manifest.cache : (await probe(entries)).cache;
  return encodedSource(entries, manifest.labels, manifest, cache, {
    ...(options ? readingFor(options) : {}),
    groups: manifest.groups,
  });
}

/** Images in a column of Parquet files, where a path has no files of images; undefined if it has no such column. */
async function openShards(path: string, options: OpenOptions): Promise<Source<Image> | undefined> {
  const { names } = await listFiles(path, wantedImages.takes, exceptOf(options));
  const found = names.length > 0 ? undefined : await collectShards(path, isImage, wantedImages.what, options);
  if (!found) return undefined;
  const { manifest, leftOut, note, remove } = found;
  const entries = filesOf(manifest);
  try {
    const { labels: table } = options;
    const labels = table ? await labelsFromTable(table, entries.names) : labelsOf(found.labels);
    const { cache, notes } = await probe(entries);
    const source = encodedSource(entries, labels, manifest, cache);
    const close = async () => {
      await source.close();
      remove();
    };
    return { ...source, leftOut, notes: [note, ...notes], close };
  } catch (error) {
    await entries.close();
    remove();
    throw error;
  }
}

/**
 * Opens images: a folder, zip archives, Parquet, IDX or CIFAR files.
 * @throws UserError when there are none
 */
export async function openImages(path: string, options: OpenOptions = {}): Promise<Source<Image>> {
  const { labels: table } = options;
  const idx = await idxFileOf(path);
  if (idx) {
    const parts = [basename(idx), labelsNameOf(basename(idx))];
    const leftOut = await leftBeside(path, (name) => parts.includes(name), exceptOf(options));
    return { ...(await withTable(await openIdx(idx), table)), leftOut };
  }
  if (await isCifar(path))
    return {
      ...(await withTable(await openCifar(path), table)),
      leftOut: await leftBeside(path, isCifarPart, exceptOf(options)),
    };
  const shards = await openShards(path, options);
  if (shards) return shards;
  const collection = await collectFiles(path, wantedImages, exceptOf(options));
  const { manifest, leftOut } = collection;
  const entries = filesOf(manifest);
  const labels = table
    ? await labelsFromTable(table, entries.names)
    : await labelsOfFiles(collection, entries.names, options.labelColumn);
  const { cache, notes } = await probe(entries);
  const groups = await patientsOf(entries);
  return { ...encodedSource(entries, labels, manifest, cache, { groups }), leftOut, notes };
}

/** What a folder holds beside the arrays that are taken from it. */
async function leftBeside(path: string, isPart: (name: string) => boolean, table?: string) {
  const others = { what: "other IDX or CIFAR files", advice: "name one to take it" };
  const takes: Takes = (name) =>
    isPart(name) || (/(idx\d-ubyte(\.gz)?|_batch(_\d+)?\.bin|test\.bin)$/.test(name) && others);
  const { isFolder, leftOut } = await listFiles(path, takes, table);
  return isFolder ? leftOut : [];
}

async function withTable(manifest: ArrayManifest, table: string | undefined): Promise<Source<Image>> {
  const source = arraySource(manifest);
  if (!table) return source;
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  return arraySource({ ...manifest, labels: await labelsFromTable(table, names) });
}

/**
 * Reopens the source of a manifest, or opens files that another kind of data has found.
 * @param options those of the encoder: much larger images are shrunk, and samples of 16 bits become bytes where it reads 8
 */
export async function reopenImages(manifest: unknown, options?: Wanted): Promise<Source<Image>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of an image source");
  return fromManifest(manifest, options);
}

/**
 * Recognises folders and archives with images by their names, IDX and CIFAR files by name and size. Moving ones alone are
 * possibly meant as images, of which the first frame is read. Parquet files with the bytes of images, and no captions,
 * are proven, those with JSON beside them certain.
 * @throws UserError for images that cannot be read here
 */
export async function recognisesImages(path: string): Promise<Recognition> {
  if ((await idxFileOf(path)) || (await isCifar(path))) return "certain";
  const { names, leftOut } = await listFiles(path, wantedImages.takes);
  // With settings beside them such files may be part of more, as of a robot's tries.
  if (names.length === 0 && (await packsFiles(path, isImage)))
    return leftOut.some(({ what }) => what === ".json") ? "certain" : "proven";
  if (!(await recognisesFiles(path, wantedImages))) return undefined;
  return (await areAnimations(path, wantedImages)) ? "possible" : "certain";
}

/** A source of one image from the bytes of its file. */
export const givenImage = (bytes: Uint8Array, name: string, _type = "", memory?: MemoryBudget): Source<Image> => {
  const entries = { names: [name], bytes: async () => bytes, contents: async () => "", close: async () => undefined };
  return encodedSource(entries, undefined, { kind: "given" }, undefined, { memory });
};
