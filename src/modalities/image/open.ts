import { join } from "node:path";
import type { LeftOut } from "../../data/files/left-out.ts";
import { type Listing, listFiles, nothingTaken } from "../../data/files/listing.ts";
import { type Labels, labelsFromFolders, labelsFromTable } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import type { OpenOptions, Source } from "../../data/source.ts";
import { DEFAULT_SHORT_SIDE } from "./decode.ts";
import { IMAGE_FORMATS, takesImage } from "./formats.ts";
import type { Image } from "./image.ts";
import { type ArrayManifest, arraySource } from "./sources/array.ts";
import type { ImageCache } from "./sources/cache.ts";
import { isCifar, openCifar } from "./sources/cifar.ts";
import { cacheFor, encodedSource } from "./sources/entries.ts";
import { type FolderManifest, folderEntries } from "./sources/folder.ts";
import { idxFileOf, openIdx } from "./sources/idx.ts";
import { isZip, listZips, type ZipManifest, zipEntries } from "./sources/zip.ts";

type EncodedManifest = (FolderManifest | ZipManifest) & { labels?: Labels; cache?: ImageCache };
type Manifest = EncodedManifest | ArrayManifest;
const isManifest = (value: unknown): value is Manifest =>
  typeof value === "object" && value !== null && "kind" in value && /^(folder|zip|array)$/.test(String(value.kind));

/** The source of a manifest. Images are decoded at most at twice the encoder's side: random crops gain nothing from more. */
function fromManifest(manifest: Manifest, imageSize?: number): Source<Image> {
  if (manifest.kind === "array") return arraySource(manifest);
  const entries = manifest.kind === "zip" ? zipEntries(manifest) : folderEntries(manifest);
  const shortSide = imageSize ? 2 * imageSize : DEFAULT_SHORT_SIDE;
  return encodedSource(entries, manifest.labels, manifest, manifest.cache, shortSide);
}

const isArchiveName = (name: string): boolean => /\.zip$/i.test(name);

/** The archives at a path: itself, or those of a folder without images. */
async function archivesOf(path: string, { isFolder }: Listing): Promise<string[]> {
  if (!isFolder) return (await isZip(path)) ? [path] : [];
  return (await listFiles(path, isArchiveName)).names.map((name) => join(path, name));
}

interface Images {
  readonly listing: FolderManifest | ZipManifest;
  readonly leftOut: readonly LeftOut[];
}

/** @throws UserError when there are no images, with what is there */
async function listImages(path: string): Promise<Images> {
  const files = await listFiles(path, takesImage);
  const { root, names, leftOut } = files;
  if (names.length > 0) return { listing: { kind: "folder", root, names }, leftOut };
  const archives = await archivesOf(path, files);
  if (archives.length === 0) throw nothingTaken(path, "images", IMAGE_FORMATS, files);
  return { listing: await listZips(archives), leftOut };
}

/**
 * Opens images: a folder, zip archives, IDX or CIFAR files.
 * @throws UserError when there are none
 */
export async function openImages(path: string, { labels: table }: OpenOptions = {}): Promise<Source<Image>> {
  const idx = await idxFileOf(path);
  if (idx) return withTable(await openIdx(idx), table);
  if (await isCifar(path)) return withTable(await openCifar(path), table);
  const { listing, leftOut } = await listImages(path);
  const entries = { ...(listing.kind === "zip" ? zipEntries(listing) : folderEntries(listing)), leftOut };
  const labels = table ? await labelsFromTable(table, entries.names) : labelsFromFolders(entries.names);
  const cache = await cacheFor(entries);
  return encodedSource(entries, labels, listing, cache);
}

async function withTable(manifest: ArrayManifest, table: string | undefined): Promise<Source<Image>> {
  const source = arraySource(manifest);
  if (!table) return source;
  const names = Array.from({ length: source.length }, (_, index) => source.name(index));
  return arraySource({ ...manifest, labels: await labelsFromTable(table, names) });
}

/** Reopens the source of a manifest. @param options.imageSize the encoder's image size: much larger images are shrunk */
export async function reopenImages(
  manifest: unknown,
  options?: { readonly imageSize: number },
): Promise<Source<Image>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of an image source");
  return fromManifest(manifest, options?.imageSize);
}

/**
 * Recognises folders and archives with images by their names, IDX and CIFAR files by name and size.
 * @throws UserError for images that cannot be read here
 */
export async function recognisesImages(path: string): Promise<Recognition> {
  if ((await idxFileOf(path)) || (await isCifar(path))) return "certain";
  const files = await listFiles(path, takesImage);
  if (files.names.length > 0) return "certain";
  const archives = await archivesOf(path, files);
  if (archives.length === 0 && files.unfit.length === 0) return undefined;
  await listImages(path);
  return "certain";
}

/** A source of one image from the bytes of its file. */
export const givenImage = (bytes: Uint8Array, name: string): Source<Image> => {
  const entries = { names: [name], bytes: async () => bytes, close: async () => undefined };
  return encodedSource(entries, undefined, { kind: "given" }, undefined);
};
