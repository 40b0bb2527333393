import type { Rng } from "../../array/rng.ts";
import type { TextOptions } from "./options.ts";
import type { TokenizedText } from "./text.ts";

/**
 * A contiguous crop of the tokens with some deleted: cropping as in COCO-LM (Meng et al. 2021,
 * https://arxiv.org/abs/2102.08473), deletion as in CLEAR (Wu et al. 2020, https://arxiv.org/abs/2012.15466).
 * At least one token stays. With `cropMin` 1 and `deletion` 0 the text is unchanged, and two views differ only by the
 * encoder's dropout, as in SimCSE.
 */
export function cropAndDelete(
  { ids, sentences }: TokenizedText,
  { cropMin, deletion }: Pick<TextOptions, "cropMin" | "deletion">,
  rng: Rng,
): TokenizedText {
  if (ids.length === 0) return { ids, sentences };
  const length = Math.max(1, Math.round(rng.uniform(cropMin, 1) * ids.length));
  const from = rng.integer(0, ids.length - length);
  const kept: number[] = [];
  for (let at = from; at < from + length; at++) if (!rng.chance(deletion)) kept.push(at);
  if (kept.length === 0) kept.push(from);
  // A sentence starts at the first of its remaining tokens.
  const starts = new Set<number>();
  for (const start of sentences) {
    const first = kept.findIndex((at) => at >= start);
    if (first >= 0) starts.add(first);
  }
  return { ids: Int32Array.from(kept, (at) => ids[at]!), sentences: Int32Array.from(starts).sort() };
}
