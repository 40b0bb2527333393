import { type Array, np } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { Modality } from "../../data/modality.ts";
import { timeAxisOf } from "../../data/time.ts";
import { latents, map, patches, tokens } from "../../encoders/abilities.ts";
import type { EncodeOptions, Encoder, Inputs, Params } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";
import { ofPatches } from "./tokens.ts";

/** An encoder's output as a sequence in order of time. */
export interface TimeSteps {
  /** Steps of the usual input; a segment with a whole number of these parts has whole steps. Not always a whole number. */
  readonly parts: number;
  /** Steps that come out of the usual input. */
  readonly count: number;
  /** Values of a step. */
  readonly width: number;
  /** Places that a mask may hide in a segment of so many parts; 0 where nothing can be hidden. */
  places(parts: number): number;
  /** `[batch, steps, width]`: tokens, patches or places of a map, averaged over all axes but time. */
  apply(params: Params, inputs: Inputs, options?: EncodeOptions): Array;
}

/**
 * Reads an encoder step by step.
 * @param who name of the method, for the message
 * @throws UserError when the encoder keeps no course of time
 */
export function timeSteps(encoder: Encoder, modality: Modality, who: string): TimeSteps {
  const grid = offerOf(encoder, patches);
  if (grid) {
    const axis = timeAxisOf(grid.grid);
    const others = grid.count / grid.grid[axis]!;
    return {
      parts: grid.grid[axis]!,
      count: grid.grid[axis]!,
      width: grid.width,
      places: (parts) => parts * others,
      apply: (params, inputs, options) =>
        alongTime(ofPatches(grid.encode(params, inputs, options), grid), axis === 0, others),
    };
  }
  const sequence = offerOf(encoder, tokens);
  if (sequence) {
    const local = offerOf(encoder, latents)?.windows;
    const length = Object.values(modality.specs).find(({ shape }) => shape.length === 2)?.shape[1] ?? sequence.count;
    return {
      parts: local ? length / local.stride : sequence.count,
      count: sequence.count,
      width: sequence.width,
      places: (parts) =>
        local ? Math.floor((Math.round(parts * local.stride) - local.field) / local.stride) + 1 : parts,
      apply: (params, inputs, options) => ofPatches(sequence.encode(params, inputs, options), sequence),
    };
  }
  const kept = offerOf(encoder, map);
  if (!kept)
    throw new UserError(
      `method ${who} needs an encoder that keeps the course of time; try --encoder dilated, vit or resnet`,
    );
  const [width, ...extents] = kept;
  const axis = timeAxisOf(extents);
  return {
    parts: extents[axis]!,
    count: extents[axis]!,
    width,
    places: () => 0,
    apply(params, inputs) {
      const x = encoder.hidden(params, inputs);
      const over = extents.flatMap((_, at) => (at === axis ? [] : [at + 2]));
      return np.transpose(over.length > 0 ? np.mean(x, over) : x, [0, 2, 1]);
    },
  };
}

/** Patches along time, of which segments have a whole number; nothing if the encoder has no patches. */
export function partsAlongTime(encoder: Encoder): { readonly grid?: number } {
  const grid = offerOf(encoder, patches)?.grid;
  return grid ? { grid: grid[timeAxisOf(grid)]! } : {};
}

/** Tokens of a grid, averaged over all axes but the first or the last. @param others tokens of one step */
function alongTime(x: Array, isFirst: boolean, others: number): Array {
  if (others === 1) return x;
  const [batch, count, width] = x.shape as [number, number, number];
  const steps = count / others;
  return isFirst
    ? np.mean(np.reshape(x, [batch, steps, others, width]), 2)
    : np.mean(np.reshape(x, [batch, others, steps, width]), 1);
}

/** Means of equally many steps one after the other, at most `most` of them; those that are left over at the end are dropped. */
export function averageSteps(x: Array, most: number): Array {
  const [batch, steps, width] = x.shape as [number, number, number];
  const each = Math.ceil(steps / most);
  if (each === 1) return x;
  const count = Math.floor(steps / each);
  const whole = count * each === steps ? x : np.split(x, [count * each], 1)[0]!;
  return np.mean(np.reshape(whole, [batch, count, each, width]), 2);
}

/** The number of steps that `averageSteps` gives of so many. */
export const averagedCount = (steps: number, most: number): number => Math.floor(steps / Math.ceil(steps / most));
