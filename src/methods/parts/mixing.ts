import * as z from "zod";
import { beta } from "../../array/beta.ts";
import {
  type Array,
  constant,
  float32,
  np,
  type Rng,
  scalar,
  type Tensor,
  type TensorSpec,
} from "../../array/index.ts";
import type { Inputs } from "../../encoders/encoder.ts";
import { UserError } from "../../foundation/errors.ts";

/** Options of mixup and CutMix. */
export const mixOptions = {
  mixup: z.number().nonnegative().max(100).default(0).describe("mixup: α of the Beta distribution of shares; 0: none"),
  cutmix: z
    .number()
    .nonnegative()
    .max(100)
    .default(0)
    .describe("CutMix: α of the Beta distribution of shares; 0: none; with mixup, each sample has one of the two"),
  mixProbability: z.number().min(0).max(1).default(1).describe("probability that a sample is mixed with another"),
};

type MixOptions = z.infer<z.ZodObject<typeof mixOptions>>;

/** How a sample is mixed with its partner. */
export type Mix = {
  /** Share of the sample in the values outside the box, scalar. */
  readonly values: Tensor;
  /** Share of its label, scalar. */
  readonly label: Tensor;
  /** CutMix: first and last + 1 place along each axis of the box that comes from the partner, `[axes, 2]`. */
  readonly box: readonly Tensor[];
};

/**
 * Mixup (Zhang et al. 2017, https://arxiv.org/abs/1710.09412) and CutMix (Yun et al. 2019,
 * https://arxiv.org/abs/1905.04899), drawn for each sample, as timm's mode "elem": the partners are the batch in reverse order.
 * A box covers the input's last two axes, or the only one after the channels.
 * @returns nothing when neither is asked for
 * @throws UserError for data whose values cannot be mixed
 */
export function mixer(
  { name, specs }: { readonly name: string; readonly specs: Readonly<Record<string, TensorSpec>> },
  { mixup, cutmix, mixProbability }: MixOptions,
) {
  if (mixup === 0 && cutmix === 0) return undefined;
  const asked = [mixup > 0 ? "mixup" : "", cutmix > 0 ? "cutmix" : ""].filter(Boolean).join(" and ");
  const discrete = Object.entries(specs).find(([, { dtype }]) => dtype !== "float32");
  if (discrete)
    throw new UserError(`${asked}: ${name} data have ${discrete[0]}, which are not values that can be mixed`);
  const [first, ...others] = Object.values(specs);
  const axes = first?.shape.slice(1).slice(-2) ?? [];
  if (cutmix > 0 && (others.length > 0 || axes.length === 0))
    throw new UserError(`cutmix: ${name} data have no axes that a box could be cut from`);

  const boxOf = (rng: Rng, share: number): { box: [number, number][]; left: number } => {
    const box = axes.map((extent): [number, number] => {
      const half = Math.floor(Math.floor(extent * (1 - share) ** (1 / axes.length)) / 2);
      const centre = rng.integer(0, extent - 1);
      return [Math.max(0, centre - half), Math.min(extent, centre + half)];
    });
    const cut = box.reduce((product, [from, to], at) => (product * (to - from)) / axes[at]!, 1);
    return { box, left: 1 - cut };
  };
  /** 1 where a place along an axis lies between the ends of each sample, `[batch, extent]`. */
  const within = (ends: Array, extent: number): Array => {
    const places = constant(
      float32(
        Float32Array.from({ length: extent }, (_, at) => at),
        [1, extent],
      ),
    );
    const [from, to] = np.split(ends, 2, 1) as [Array, Array];
    return np.where(np.logicalAnd(np.greaterEqual(places, from), np.less(places, to)), 1, 0);
  };
  return {
    /** How one sample is mixed. */
    draw(rng: Rng): Mix {
      const isCut = cutmix > 0 && (mixup === 0 || rng.chance(0.5));
      const isMixed = rng.chance(mixProbability);
      const alpha = isCut ? cutmix : mixup;
      const share = isMixed ? beta(rng, alpha, alpha) : 1;
      const { box, left } = isCut ? boxOf(rng, share) : { box: axes.map(() => [0, 0]), left: share };
      return {
        values: scalar(isCut ? 1 : share),
        label: scalar(left),
        box: cutmix > 0 ? [float32(box.flat(), [axes.length, 2])] : [],
      };
    },
    /** The batch mixed with itself in reverse order. */
    mix(
      inputs: Inputs,
      { values, box: [box] = [] }: { readonly values: Array; readonly box: readonly Array[] },
    ): Inputs {
      return Object.fromEntries(
        Object.entries(inputs).map(([input, batch]) => {
          const [samples, ...shape] = batch.shape as [number, ...number[]];
          const perSample = np.reshape(values, [samples, ...shape.map(() => 1)]);
          const share = box ? np.multiply(perSample, outside(box, shape)) : perSample;
          const other = np.multiply(np.subtract(1, share), reversed(batch));
          return [input, np.add(np.multiply(share, batch), other)];
        }),
      );
    },
    /** Targets and outputs twice: with the share of each sample's own label, and with the rest for that of its partner. */
    twice(
      outputs: Array,
      target: { readonly values: Array; readonly weight: Array },
      label: Array,
    ): { outputs: Array; values: Array; weight: Array } {
      const { values, weight } = target;
      const share = np.reshape(label, [label.shape[0]!, ...weight.shape.slice(1).map(() => 1)]);
      const rest = np.multiply(np.subtract(1, share), reversed(weight));
      return {
        outputs: np.concatenate([outputs, outputs], 0),
        values: np.concatenate([values, reversed(values)], 0),
        weight: np.concatenate([np.multiply(share, weight), rest], 0),
      };
    },
  };

  /** 0 inside each sample's box, 1 elsewhere, in a shape that spreads over the batch of that shape. */
  function outside(box: Array, shape: readonly number[]): Array {
    const samples = box.shape[0]!;
    const before = shape.slice(0, shape.length - axes.length).map(() => 1);
    const inside = axes
      .map((extent, axis) => {
        const ends = np.reshape(np.split(box, axes.length, 1)[axis]!, [samples, 2]);
        const along = axes.map((_, other) => (other === axis ? extent : 1));
        return np.reshape(within(ends, extent), [samples, ...before, ...along]);
      })
      .reduce((product, next) => np.multiply(product, next));
    return np.subtract(1, inside);
  }
}

/** The rows from the last to the first. */
const reversed = (batch: Array): Array => {
  const rows = batch.shape[0]!;
  return np.take(batch, np.subtract(rows - 1, np.arange(rows)), 0);
};
