import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import type { Rng } from "../../array/rng.ts";
import { float32 } from "../../array/tensor.ts";
import { type Labels, labelsFromFolders, labelsFromTable } from "../../data/labels.ts";
import {
  type CropOptions,
  modality,
  type OpenOptions,
  type RegionOptions,
  type Source,
  type TileOptions,
} from "../../data/modality.ts";
import { skipBroken, UserError } from "../../foundation/errors.ts";
import { augment, crop, perturb, prepare } from "./augment.ts";
import { DEFAULT_SHORT_SIDE } from "./decode.ts";
import { type Image, withChannels } from "./image.ts";
import { ImageOptions } from "./options.ts";
import { cutRegion } from "./region.ts";
import { type ArrayManifest, arraySource } from "./sources/array.ts";
import type { ImageCache } from "./sources/cache.ts";
import { isCifar, openCifar } from "./sources/cifar.ts";
import { cacheFor, encodedSource } from "./sources/entries.ts";
import { type FolderManifest, folderEntries, listFolder } from "./sources/folder.ts";
import { idxFileOf, openIdx } from "./sources/idx.ts";
import { isZip, listZips, type ZipManifest, zipEntries } from "./sources/zip.ts";
import { cutTiles } from "./tiles.ts";
import { splitLab } from "./transforms/lab.ts";
import { resizeAndCentreCrop } from "./transforms/resize.ts";
import { rotateQuarters } from "./transforms/rotate.ts";

type EncodedManifest = (FolderManifest | ZipManifest) & { labels?: Labels; cache?: ImageCache };
type Manifest = EncodedManifest | ArrayManifest;
const isManifest = (value: unknown): value is Manifest =>
  typeof value === "object" && value !== null && "kind" in value && /^(folder|zip|array)$/.test(String(value.kind));

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const GREY = { mean: [0.5], std: [0.5] };

/** Reopens what `source.manifest` describes. A random crop gains nothing from more than twice the encoder's pixels. */
function fromManifest(manifest: Manifest, imageSize?: number): Source<Image> {
  if (manifest.kind === "array") return arraySource(manifest);
  const entries = manifest.kind === "zip" ? zipEntries(manifest) : folderEntries(manifest);
  const shortSide = imageSize ? 2 * imageSize : DEFAULT_SHORT_SIDE;
  return encodedSource(entries, manifest.labels, manifest, manifest.cache, shortSide);
}

/** The archives that a path stands for: itself, or those of a folder that holds nothing else to read. */
async function archivesOf(path: string): Promise<string[]> {
  if (await isZip(path)) return [path];
  const names = await readdir(path).catch(() => []);
  return names
    .filter((name) => name.endsWith(".zip"))
    .sort()
    .map((name) => join(path, name));
}

async function listImages(path: string): Promise<FolderManifest | ZipManifest> {
  const folder = await listFolder(path);
  if (folder.names.length > 0) return folder;
  const archives = await archivesOf(path);
  if (archives.length > 0) return listZips(archives);
  const isFolder = (await stat(path)).isDirectory();
  throw new UserError(
    isFolder
      ? `${path}: no images in this folder (JPEG, PNG, WebP …)`
      : `${path}: neither an image, a zip archive, IDX nor CIFAR data`,
  );
}

async function openImages(path: string, { labels: table }: OpenOptions = {}): Promise<Source<Image>> {
  const idx = await idxFileOf(path);
  if (idx) return withTable(await openIdx(idx), table);
  if (await isCifar(path)) return withTable(await openCifar(path), table);
  const listing = await listImages(path);
  const entries = listing.kind === "zip" ? zipEntries(listing) : folderEntries(listing);
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

/** Options that the data themselves suggest, from a look at up to 16 pictures. */
async function infer(source: Source<Image>): Promise<Partial<ImageOptions>> {
  const pictures: Image[] = [];
  for (let probe = 0; probe < Math.min(16, source.length); probe++) {
    const image = await source
      .read(Math.floor((probe * source.length) / Math.min(16, source.length)))
      .catch(skipBroken);
    if (image) pictures.push(image);
  }
  if (pictures.length === 0)
    throw new UserError(`none of the first pictures can be decoded; is ${source.name(0)} an image?`);
  const channels = pictures.every(isGrey) ? 1 : 3;
  const sides = pictures.flatMap(({ width, height }) => [width, height]);
  const [smallest, largest] = [Math.min(...sides), Math.max(...sides)];
  const drawing = channels === 1 && pictures.every(isLineDrawing);
  const imageSize =
    smallest === largest && largest <= 96 ? largest : Math.max(16, Math.min(96, Math.floor(smallest / 16) * 16));
  return {
    channels,
    imageSize,
    augmentation: drawing ? "drawing" : "photo",
    ...(channels === 1 ? greyLevels(pictures) : {}),
  };
}

/** Mean and deviation of all pixels: what is paper in a set of drawings comes out near 0. */
function greyLevels(pictures: readonly Image[]): { mean: number[]; std: number[] } {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const { data } of pictures)
    for (const value of data) {
      count++;
      sum += value / 255;
      squares += (value / 255) ** 2;
    }
  const mean = sum / count;
  const std = Math.max(0.05, Math.sqrt(Math.max(0, squares / count - mean * mean)));
  return { mean: [Number(mean.toFixed(4))], std: [Number(std.toFixed(4))] };
}

const isGrey = ({ channels, data }: Image): boolean => {
  if (channels === 1) return true;
  for (let at = 0; at < data.length; at += 3) if (data[at] !== data[at + 1] || data[at] !== data[at + 2]) return false;
  return true;
};

/** Nearly all pixels are ink or paper. */
function isLineDrawing({ data }: Image): boolean {
  let extreme = 0;
  for (const value of data) if (value < 16 || value > 239) extreme++;
  return extreme > 0.9 * data.length;
}

function build(options: z.infer<typeof ImageOptions>) {
  const { imageSize, channels } = options;
  const fallback = channels === 1 ? GREY : IMAGENET;
  const mean = options.mean ?? fallback.mean;
  const std = options.std ?? fallback.std;
  if (mean.length !== channels || std.length !== channels)
    throw new UserError(`mean and std need one number for each of the ${channels} channels`);
  /** What each byte comes to, by channel. */
  const levels = std.map((deviation, channel) => {
    const scale = 1 / (255 * deviation);
    const offset = mean[channel]! / deviation;
    return Float32Array.from({ length: 256 }, (_, byte) => byte * scale - offset);
  });
  const ready = (view: Image): Image => ({ ...view, ready: true });
  const seen = (image: Image): Image => (image.ready ? image : prepare(image, options));
  return {
    name: "image",
    specs: { pixels: { dtype: "float32", shape: [channels, imageSize, imageSize] } },
    tensors(image: Image) {
      const asIs = image.width === imageSize && image.height === imageSize && image.channels === channels;
      const { data: bytes, width, height } = image.ready || asIs ? image : prepare(image, options);
      const plane = width * height;
      const pixels = new Float32Array(channels * plane);
      for (let channel = 0; channel < channels; channel++) {
        const level = levels[channel]!;
        for (let at = 0; at < plane; at++) pixels[channel * plane + at] = level[bytes[at * channels + channel]!]!;
      }
      return { pixels: float32(pixels, [channels, height, width]) };
    },
    augment: (image: Image, rng: Rng, view = 0) => ready(augment(image, options, rng, view)),
    crop: (image: Image, rng: Rng, own: CropOptions, view = 0) => ready(crop(image, options, rng, own, view)),
    perturb: (image: Image, rng: Rng) => ready(perturb(image, options, rng)),
    rotate(image: Image, quarters: number) {
      return ready(rotateQuarters(seen(image), quarters));
    },
    tiles: (image: Image, rng: Rng, own: TileOptions) => cutTiles(image, options, mean, rng, own).map(ready),
    region(image: Image, rng: Rng, own: RegionOptions) {
      const whole = ready(seen(image));
      const { region, box } = cutRegion(whole, options, rng, own);
      return { whole, region: ready(region), box };
    },
    ...(channels === 3
      ? {
          lab(image: Image) {
            const { lightness, values } = splitLab(seen(image));
            return { lightness: ready(lightness), values };
          },
        }
      : {}),
    normalization: { mean, std },
    preview(image: Image) {
      const { width, height, data } = withChannels(
        resizeAndCentreCrop(image, Math.min(96, image.width, image.height)),
        3,
      );
      return { width, height, rgb: data };
    },
    preprocessor: {
      // Not ViTImageProcessor, which would squeeze oblong pictures into a square.
      image_processor_type: "BitImageProcessor",
      do_convert_rgb: channels === 3,
      do_convert_grayscale: channels === 1,
      do_resize: true,
      size: { shortest_edge: imageSize },
      do_center_crop: true,
      crop_size: { height: imageSize, width: imageSize },
      resample: 2,
      do_rescale: true,
      rescale_factor: 1 / 255,
      do_normalize: true,
      image_mean: mean,
      image_std: std,
    },
  } as const;
}

/** Folders, archives and arrays of images. */
export const image = modality<Image, typeof ImageOptions>({
  name: "image",
  options: ImageOptions,
  defaultMethod: "simclr",
  defaultEncoder: "resnet",
  async recognises(path) {
    if ((await idxFileOf(path)) || (await isCifar(path))) return true;
    return listImages(path).then(
      () => true,
      () => false,
    );
  },
  open: openImages,
  async reopen(manifest, options) {
    if (!isManifest(manifest)) throw new Error("not the manifest of an image source");
    return fromManifest(manifest, options?.imageSize);
  },
  infer,
  fromBytes: (bytes, name) => {
    const entries = { names: [name], bytes: async () => bytes, close: async () => undefined };
    return encodedSource(entries, undefined, { kind: "given" }, undefined);
  },
  build,
});
