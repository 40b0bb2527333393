import { collectFiles, filesOf, type Wanted } from "../data/files/collection.ts";
import { BrokenSample, UserError } from "../foundation/errors.ts";
import { animationOf } from "./animation.ts";

/** Files that are looked at. */
const PROBES = 4;
const MAY_MOVE = /\.(gif|webp)$/i;

/**
 * Whether what is wanted at a path are GIF and WebP files alone, and moving ones: clips rather than images.
 * @param wanted the files that there may be
 */
export async function areAnimations(path: string, wanted: Wanted): Promise<boolean> {
  const collected = await collectFiles(path, wanted).catch((error: unknown) => {
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (!collected) return false;
  const entries = filesOf(collected.manifest);
  try {
    const { names } = entries;
    if (!names.every((name) => MAY_MOVE.test(name))) return false;
    const probes = Math.min(PROBES, names.length);
    let moving = 0;
    for (let probe = 0; probe < probes; probe++) {
      const frames = await framesOf(() => entries.bytes(Math.floor((probe * names.length) / probes)));
      if (frames === 1) return false;
      if (frames !== undefined) moving++;
    }
    return moving > 0;
  } finally {
    await entries.close();
  }
}

/** Undefined for a broken file, which may be either. */
async function framesOf(read: () => Promise<Uint8Array>): Promise<number | undefined> {
  try {
    return animationOf(await read())?.delays.length;
  } catch (error) {
    if (error instanceof BrokenSample) return undefined;
    throw error;
  }
}
