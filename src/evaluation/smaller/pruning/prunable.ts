import { tree } from "../../../array/index.ts";
import type { Encoder, InitialParams } from "../../../encoders/index.ts";
import { innerChannels } from "../../../encoders/resnet.ts";
import { leavesOf, type Prunable, type Slice, type Structure, shareOf } from "./structures.ts";

/** Encoders that can be pruned, by name. */
export const prunable: Readonly<Record<string, (encoder: Encoder, params: InitialParams) => Prunable>> = {
  vit: ofTransformer,
  transformer: ofTransformer,
  resnet: ofResnet,
};

const itself = (place: number): number => place;

/**
 * Heads and feed-forward hidden units of the blocks in `layers/transformer.ts`. A head is rows of the queries, keys and
 * values and columns of the output; a unit is a row of the layer up, its bias and a column of the layer down. Heads keep
 * their width.
 */
function ofTransformer({ hyperparameters, embedDim }: Encoder, params: InitialParams): Prunable {
  const at = leavesOf(params);
  const heads = Number(hyperparameters.heads);
  const inner = at("blocks.0.attention.output.weight").shape[1]!;
  const headDim = inner / heads;
  const hidden = at("blocks.0.down.weight").shape[1]!;
  // Of gated units, the layer up has the gates and then the values.
  const unitOf = (place: number) => place % hidden;
  const headOf = (place: number) => Math.floor((place % inner) / headDim);
  const paths = new Set(tree.paths(params));
  const depth = new Set([...paths].flatMap((path) => /^blocks\.(\d+)\./.exec(path)?.[1] ?? [])).size;
  const structures = Array.from({ length: depth }, (_, block): Structure[] => {
    const slice = (path: string, axis: 0 | 1, partOf: Slice["partOf"]): Slice => ({
      path: `blocks.${block}.${path}`,
      axis,
      partOf,
    });
    const bias = (path: string, partOf: Slice["partOf"]) =>
      paths.has(`blocks.${block}.${path}`) ? [slice(path, 0, partOf)] : [];
    return [
      {
        kind: "heads",
        count: heads,
        slices: [
          slice("attention.qkv.weight", 0, headOf),
          ...bias("attention.qkv.bias", headOf),
          slice("attention.output.weight", 1, headOf),
        ],
      },
      {
        kind: "units",
        count: hidden,
        slices: [slice("up.weight", 0, unitOf), ...bias("up.bias", unitOf), slice("down.weight", 1, itself)],
      },
    ];
  }).flat();
  return {
    structures,
    smaller: (share) => ({
      kept: structures.map(({ count }) => shareOf(count, share)),
      options: { heads: shareOf(heads, share), headDim, mlpRatio: shareOf(hidden, share) / embedDim },
    }),
  };
}

/**
 * Channels between the convolutions of a residual block: an output of one with its BatchNorm, and an input of the next. The
 * residual stream keeps its width, which all blocks of a stage share (Li et al. 2016, https://arxiv.org/abs/1608.08710).
 */
function ofResnet({ hyperparameters }: Encoder, params: InitialParams): Prunable {
  const at = leavesOf(params);
  const paths = tree.paths(params);
  const structures = paths.flatMap((path): (Structure & { readonly stage: number })[] => {
    const [, before = "", stage, index] = /^(stages\.(\d+)\.\d+\.path\.)(\d+)\.conv\.weight$/.exec(path) ?? [];
    const next = `${before}${Number(index) + 1}.conv.weight`;
    if (!paths.includes(next)) return [];
    const norms = paths.filter((each) => each.startsWith(`${before}${index}.norm.`));
    const rows = [path, ...norms].map((each): Slice => ({ path: each, axis: 0, partOf: itself }));
    return [
      {
        kind: "inner channels",
        count: at(path).shape[0]!,
        slices: [...rows, { path: next, axis: 1, partOf: itself }],
        stage: Number(stage),
      },
    ];
  });
  return {
    structures,
    smaller(share) {
      const innerRatio = share * Number(hyperparameters.innerRatio ?? 1);
      const width = Number(hyperparameters.width);
      return {
        kept: structures.map(({ stage }) => innerChannels(width * 2 ** stage, innerRatio)),
        options: { innerRatio },
      };
    },
  };
}
