import { float32, type Rng, sizeOf, type Tensor } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { Modality } from "../../data/modality.ts";
import { patches } from "../../encoders/abilities.ts";
import type { LatentAbility } from "../../encoders/encoder.ts";
import { blockwiseMask, type Grid } from "./masks.ts";

/** A span is at most this share of a sample's tokens, so that short samples have several, too. */
const LONGEST = 0.2;

/** The grid of an encoder's tokens: of its patches, or one axis. */
export const gridOf = (encoder: object, { count }: Pick<LatentAbility, "count">): Grid =>
  offerOf(encoder, patches)?.grid ?? [count];

/** Channels of the one input of a kind of data that is numbers on a grid. */
export const channelsOf = ({ specs }: Pick<Modality<never>, "specs">): number =>
  Object.values(specs).find(({ dtype }) => dtype === "float32")?.shape[0] ?? 1;

/** The share of tokens that is masked if a span of `length` begins at each with a probability, 1 − (1 − p)^length. */
export const shareOfSpans = (probability: number, length: number): number => 1 - (1 - probability) ** length;

/**
 * Masked spans of wav2vec 2.0 (https://arxiv.org/abs/2006.11477, section 3.1): spans of `length` tokens begin at random
 * places and may overlap. Its code masks as many in each sample of a batch as in the one with the fewest; here it is
 * `hidden`, the last span being shorter. On a grid of several axes, blocks as BEiT's (see `blockwiseMask`).
 * @param length at most a fifth of the tokens is used
 * @returns the indices of the masked tokens, ascending
 */
export function spanMask(rng: Rng, grid: Grid, hidden: number, length: number): Int32Array {
  const count = sizeOf(grid);
  if (grid.filter((extent) => extent > 1).length > 1) return blockwiseMask(rng, grid, hidden);
  const span = Math.max(1, Math.min(length, Math.round(count * LONGEST)));
  const masked = new Set<number>();
  for (const start of rng.permutation(count - span + 1))
    for (let at = start; at < start + span && masked.size < hidden; at++) masked.add(at);
  return Int32Array.from(masked).sort();
}

/** For each of `places` masked places how often each other is drawn as its distractor, `[places, places]`. */
export function drawDistractors(rng: Rng, places: number, distractors: number): Tensor {
  const counts = float32(new Float32Array(places * places), [places, places]);
  for (let place = 0; place < places; place++)
    for (let draw = 0; draw < distractors; draw++) {
      const other = rng.integer(0, places - 2);
      counts.data[place * places + (other < place ? other : other + 1)]!++;
    }
  return counts;
}
