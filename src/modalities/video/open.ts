import { basename } from "node:path";
import { dirname } from "node:path/posix";
import { type Collection, collectFiles, filesOf, recognisesFiles } from "../../data/files/collection.ts";
import type { Takes } from "../../data/files/listing.ts";
import { labelsFromFolders, labelsFromTable, labelsOfFiles } from "../../data/labels.ts";
import type { Recognition } from "../../data/modality.ts";
import { exceptOf, type OpenOptions, type Source } from "../../data/source.ts";
import { windowsOf } from "../../data/windows.ts";
import { UserError } from "../../foundation/errors.ts";
import type { MemoryBudget } from "../../foundation/memory.ts";
import { temporaryFolder } from "../../foundation/temporary.ts";
import { areAnimations } from "../../pixels/animations.ts";
import type { Clip } from "./clip.ts";
import { clipsAt, ofBytes, type Places } from "./decoders/index.ts";
import { inOrder } from "./decoders/stills.ts";
import { isFilmName, wantedClips, wantedFilms, wantedFrames } from "./formats.ts";
import { spanOf, type VideoOptions } from "./options.ts";
import { type ClipsManifest, lookAt, sourceOf } from "./sources/clips.ts";
import { createCache, openCache } from "./sources/frame-cache.ts";
import { lengthsOf } from "./sources/lengths.ts";

/** Short side of the frames that are kept, over the encoder's: what random crops enlarge a little. */
const KEPT = 4 / 3;

/**
 * Opens clips: a file, a folder or zip archives of files, or folders of frames; sub-folders are labels.
 * @throws UserError when there are none
 */
export async function openVideo(path: string, options: OpenOptions = {}): Promise<Source<Clip>> {
  const { labels: table } = options;
  const { collection, groups } = await collect(path, exceptOf(options));
  const { manifest: files, leftOut } = collection;
  const entries = filesOf(files);
  const names = groups ? [...groups.keys()] : entries.names;
  await entries.close();
  const places: Places = groups ? { files, frames: [...groups.values()] } : { files };
  const labels = table
    ? await labelsFromTable(table, names)
    : groups
      ? labelsFromFolders(names)
      : await labelsOfFiles(collection, names, options.labelColumn);
  return { ...sourceOf({ places, names, ...(labels ? { labels } : {}) }), leftOut };
}

interface Collected {
  readonly collection: Collection;
  /** Frames by the name of their folder. */
  readonly groups?: ReadonlyMap<string, readonly number[]>;
}

/** Files that are a clip each, or else folders of frames. @throws UserError when there are neither */
async function collect(path: string, table: string | undefined): Promise<Collected> {
  let reason: UserError | undefined;
  const clips = await collectFiles(path, wantedClips, table).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    reason = error;
    return undefined;
  });
  if (clips) {
    const { names } = filesOf(clips.manifest);
    // Frames may be WebP files, too.
    const isOfFrames =
      !names.some(isFilmName) &&
      names.every((name) => /\.webp$/i.test(name)) &&
      !(await areAnimations(path, wantedClips));
    if (!isOfFrames) return { collection: clips };
  }
  const frames = await collectFiles(path, wantedFrames, table).catch((error: unknown) => {
    throw error instanceof UserError ? (reason ?? error) : error;
  });
  const groups = framesByFolder(path, filesOf(frames.manifest).names);
  if (clips && [...groups.values()].every((group) => group.length === 1)) return { collection: clips };
  return { collection: frames, groups };
}

function framesByFolder(path: string, names: readonly string[]): Map<string, number[]> {
  const folders = Map.groupBy(names.keys(), (index) => dirname(names[index]!));
  return new Map(
    [...folders].map(([folder, frames]) => [folder === "." ? basename(path) : folder, inOrder(names, frames)]),
  );
}

const isManifest = (value: unknown): value is ClipsManifest =>
  typeof value === "object" && value !== null && "places" in value;

export async function reopenVideo(manifest: unknown): Promise<Source<Clip>> {
  if (!isManifest(manifest)) throw new Error("not the manifest of clips");
  return sourceOf(manifest);
}

/**
 * Films, and moving GIFs without still images. Folders of numbered frames look like images by class, and must be named.
 * @throws UserError for films without ffmpeg
 */
export async function recognisesVideo(path: string): Promise<Recognition> {
  const takes: Takes = (name) => wantedFrames.takes(name) || wantedClips.takes(name);
  const isVideo = (await recognisesFiles(path, wantedFilms)) || (await areAnimations(path, { ...wantedClips, takes }));
  return isVideo ? "certain" : undefined;
}

/** Clips at the encoder's rate and size, decoded once; long ones as windows. */
export async function cutVideo(
  source: Source<Clip>,
  options: VideoOptions,
  onNote?: (note: string) => void,
): Promise<Source<Clip>> {
  const { manifest } = source;
  if (!isManifest(manifest) || manifest.cut) return source;
  const { frameRate: rate, imageSize, frames } = options;
  const window = options.window ?? 2 * spanOf(options);
  const { hop = window } = options;
  const folder = temporaryFolder();
  const clips = clipsAt(manifest.places);
  try {
    const count = manifest.names.length;
    const cache = createCache(folder.path, rate, Math.ceil(KEPT * imageSize), count);
    const lengths = await lengthsOf(count, openCache(cache, clips.encoded), rate);
    const length = Math.max(frames, Math.round(window * rate));
    const windows = windowsOf(lengths, length, Math.max(1, Math.round(hop * rate)));
    if (windows.wholes.length > count)
      onNote?.(
        `${count.toLocaleString("en")} clips are read as ${windows.wholes.length.toLocaleString("en")} windows of ${(length / rate).toFixed(2)} s`,
      );
    const opened = sourceOf({ ...manifest, cut: { cache, windows } });
    return {
      ...opened,
      async close() {
        await opened.close();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  } finally {
    await clips.entries.close();
  }
}

/** A source of one clip from the bytes of its file. */
export const givenVideo = (bytes: Uint8Array, name: string, _type = "", memory?: MemoryBudget): Source<Clip> => ({
  length: 1,
  name: () => name,
  read: async () => lookAt(ofBytes(bytes, memory)),
  contents: async () => "",
  manifest: undefined,
  close: async () => undefined,
});
