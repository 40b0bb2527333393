import { open as openFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Entries, type FilesManifest, filesOf } from "../../../data/files/collection.ts";
import { BrokenSample, messageOf } from "../../../foundation/errors.ts";
import type { MemoryBudget } from "../../../foundation/memory.ts";
import { retried } from "../../../foundation/retry.ts";
import { temporaryFolder } from "../../../foundation/temporary.ts";
import { demuxerOf } from "../formats.ts";
import { animated } from "./animated.ts";
import type { Encoded } from "./encoded.ts";
import { film } from "./film.ts";
import { stills } from "./stills.ts";

/** Bytes that tell what a file is. */
const START = 512;

/** Where clips are: one in each file, or one in each group of frames. Structured-cloneable. */
export interface Places {
  readonly files: FilesManifest;
  /** Indices of the files that are a clip's frames, by clip; absent where every file is a clip. */
  readonly frames?: readonly (readonly number[])[];
}

/** Clips that can be decoded. */
export interface Clips {
  readonly entries: Entries;
  /** @throws BrokenSample when the file cannot be read, or is none of a known format */
  encoded(index: number): Promise<Encoded>;
}

export function clipsAt({ files, frames }: Places): Clips {
  const entries = filesOf(files);
  return {
    entries,
    async encoded(index) {
      if (frames) return stills(entries, frames[index]!);
      if (files.kind !== "folder") return ofBytes(await entries.bytes(index));
      const path = join(files.root, files.names[index]!);
      const start = await startOf(path);
      const demuxer = demuxerOf(start);
      if (demuxer) return film(async () => ({ path, close: () => undefined }), demuxer);
      return ofBytes(await entries.bytes(index));
    },
  };
}

async function startOf(path: string): Promise<Uint8Array> {
  return retried(path, async () => {
    await using file = await openFile(path, "r");
    const { buffer, bytesRead } = await file.read(new Uint8Array(START), 0, START, 0);
    return buffer.subarray(0, bytesRead);
  }).catch((error: unknown) => {
    if (error instanceof Error && error.name === "UserError") throw error;
    throw new BrokenSample(`could not be read (${messageOf(error)})`);
  });
}

/**
 * A clip from the bytes of its file.
 * @throws BrokenSample when it is of no known format
 */
export function ofBytes(bytes: Uint8Array, memory?: MemoryBudget): Encoded {
  const start = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  if (/^GIF8/.test(start) || /^RIFF.{4}WEBP/s.test(start)) return animated(bytes, memory);
  const demuxer = demuxerOf(bytes);
  if (!demuxer) throw new BrokenSample(bytes.length === 0 ? "empty file" : "not a clip of a known format");
  return film(async () => {
    const folder = temporaryFolder();
    const path = join(folder.path, "clip");
    await writeFile(path, bytes);
    return { path, close: () => folder.remove() };
  }, demuxer);
}
