import type { Source } from "../../data/source.ts";
import { UserError } from "../../foundation/errors.ts";
import type { ExperienceOptions } from "./options.ts";
import type { ExperienceSample } from "./sample.ts";
import { experienceSource, isManifest } from "./sources/source.ts";
import { arraysOf, BROKEN, episodeOf, sharedWholes, TERMINATED } from "./sources/store.ts";

/** Frames that `horizon` actions follow; with `ends`, also those at the end of episodes that ended by their own rules. */
export async function arrangeExperience(
  source: Source<ExperienceSample>,
  { horizon, ends }: Pick<ExperienceOptions, "horizon" | "ends">,
  _files: unknown,
  onNote?: (note: string) => void,
): Promise<Source<ExperienceSample>> {
  const { manifest } = source;
  if (!isManifest(manifest)) return source;
  const { store } = manifest;
  const { flags } = arraysOf(store);
  const rows = new Int32Array(manifest.entries);
  const kept: number[] = [];
  rows.forEach((row, index) => {
    if (row < 0) {
      kept.push(index);
      return;
    }
    const { first, steps, seen } = episodeOf(store, row);
    const end = first + steps;
    const last = Math.min(row + horizon, first + seen - 1);
    // With fewer frames, the plan is short, and nothing is seen after it.
    const isWhole = row + horizon <= (ends ? end : first + seen - 1);
    const isEnd = ends && row + horizon > end && (flags[end - 1]! & TERMINATED) !== 0;
    if (!isWhole && !isEnd) return;
    for (let at = row; at <= last; at++) if (flags[at]! & BROKEN) return;
    kept.push(index);
  });
  if (!kept.some((index) => rows[index]! >= 0))
    throw new UserError(
      `no frame is followed by ${horizon} actions${ends ? "" : " and what was seen after them"}; give a smaller --horizon`,
    );
  if (kept.length === rows.length) return source;
  onNote?.(
    `${kept.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} frames are followed by ${horizon} ${horizon === 1 ? "action" : "actions"}, and are learned from`,
  );
  const wholes = manifest.wholes && new Int32Array(manifest.wholes);
  return experienceSource({
    ...manifest,
    entries: sharedWholes(kept.map((index) => rows[index]!)),
    wholes: sharedWholes(kept.map((index) => wholes?.[index] ?? index)),
  });
}
