import { type Array, constant, filled, np, type Rng, sizeOf, type Tensor } from "../../array/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { resizePositions, sinCosPositions, tokenPositions } from "../../layers/transformer/positions.ts";
import { gridAngles, type Rotation, rotationOf } from "../../layers/transformer/rotary.ts";
import type { VitOptions } from "./options.ts";

interface Geometry {
  readonly width: number;
  /** Width of a head. */
  readonly headDim: number;
  /** Patches of the input that the encoder is built for. */
  readonly grid: readonly number[];
  /** Class and distillation tokens. */
  readonly classTokens: number;
}

/** Position embeddings, of the class tokens (zero when they are fixed) and of the patches of a grid. */
interface Embeddings {
  readonly ofClass: Array | number;
  readonly ofPatches: Array | number;
}

type Options = Pick<VitOptions, "positions" | "positionGrid" | "antialias">;

/**
 * Positions of a ViT's tokens: embeddings that are added to them, or rotations of queries and keys.
 * @throws UserError when the width or the heads do not fit them
 */
export function vitPositions(
  { positions: kind, positionGrid, antialias }: Options,
  { width, headDim, grid, classTokens }: Geometry,
) {
  if (kind === "sincos" && width % 4 !== 0)
    throw new UserError(`sine–cosine positions need a width that is a multiple of 4, not ${width}`);
  if (kind === "rotary" && headDim % (2 * grid.length) !== 0)
    throw new UserError(
      `rotary positions of ${grid.length} axes need heads of a width that is a multiple of ${2 * grid.length}, not ${headDim}`,
    );
  if (positionGrid !== undefined && kind !== "learned")
    throw new UserError(`a grid of positions is for learned ones; these are ${kind}`);
  const native = typeof positionGrid === "number" ? grid.map(() => positionGrid) : (positionGrid ?? grid);
  if (native.length !== grid.length)
    throw new UserError(`a grid of positions of ${native.length} axes, and the input has ${grid.length}`);

  const fixed = () => (kind === "videomae" ? tokenPositions(sizeOf(grid), width) : sinCosPositions(grid, width));

  return {
    /** Learned embeddings, `[classTokens + patches, width]`; undefined where they are fixed. */
    init: (rng: Rng): Tensor | undefined =>
      kind === "learned" ? rng.truncatedNormal([classTokens + sizeOf(native), width], 0.02) : undefined,
    /** Embeddings of the patches that are no parameters. */
    fixed: kind === "sincos" || kind === "videomae" ? fixed : undefined,
    embeddings(learned: Array | undefined, target: readonly number[]): Embeddings {
      if (kind === "rotary") return { ofClass: 0, ofPatches: 0 };
      if (kind === "sincos") return { ofClass: 0, ofPatches: constant(sinCosPositions(target, width, grid)) };
      const isNative = target.every((extent, axis) => extent === native[axis]);
      const resized = (own: Array) =>
        isNative ? own : np.matmul(constant(resizePositions(native, target, { antialias })), own);
      if (!learned) return { ofClass: 0, ofPatches: resized(constant(fixed())) };
      if (classTokens === 0) return { ofClass: 0, ofPatches: resized(learned) };
      const [ofClass, ofPatches] = np.split(learned, [classTokens], 0);
      return { ofClass: ofClass!, ofPatches: resized(ofPatches!) };
    },
    /**
     * Rotations of `front` tokens, which have none, and of the patches.
     * @param only drops patches: `[count, values]` → `[count, values]` or, sample by sample, `[batch, kept, values]`
     */
    rotation(front: number, target: readonly number[], only: (rows: Array) => Array): Rotation | undefined {
      if (kind !== "rotary") return undefined;
      const { cos, sin } = rotationOf(gridAngles(target, headDim));
      // The tokens in front are turned by an angle of 0.
      const withFront = (rows: Array, still: number): Array => {
        const chosen = only(rows);
        const extents = chosen.shape.slice(0, -2);
        const before = () => np.broadcastTo(constant(filled([front, headDim], still)), [...extents, front, headDim]);
        const all = front > 0 ? np.concatenate([before(), chosen], extents.length) : chosen;
        return extents.length === 0 ? all : np.reshape(all, [-1, 1, all.shape.at(-2)!, headDim]);
      };
      return { cos: withFront(cos, 1), sin: withFront(sin, 0) };
    },
  };
}
