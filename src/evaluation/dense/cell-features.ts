import { type Array, np, type Tensor, type TensorSpec, type Tree } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { Modality, TensorRecord } from "../../data/modality.ts";
import { map, patches } from "../../encoders/abilities.ts";
import type { Encoder, InitialParams, Inputs, Params } from "../../encoders/index.ts";
import { compile, type Device } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { refuseInfinite, specsOf, stack } from "../../training/features.ts";
import type { Grid } from "./cells.ts";

/** Makes a vector for each cell of a sample. */
export interface CellEmbedder {
  readonly grid: Grid;
  readonly dim: number;
  /** `[rows.length, cells, dim]`, cells row by row */
  embed(rows: readonly TensorRecord[]): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** The spec `[channels, height, width]` of the input that is cut into cells. */
function inputOf(modality: Modality<unknown>): readonly [name: string, spec: TensorSpec] {
  const found = Object.entries(modality.specs).find(([, { shape }]) => shape.length === 3);
  if (!found) throw new UserError(`${modality.name} data have no rows and columns to find classes in`);
  return found;
}

interface CellOptions {
  /** What the encoder was built for. */
  readonly trained: Modality<unknown>;
  readonly batchSize: number;
  readonly device: Device;
}

/**
 * The last features of an encoder before they are pooled: of its patches, or of its feature map.
 * @param modality what is read, perhaps larger than what the encoder was built for
 * @throws UserError when the encoder has neither, or its patches do not divide the input
 */
export async function encodedCells(
  encoder: Encoder,
  params: InitialParams,
  modality: Modality<unknown>,
  { trained, batchSize, device }: CellOptions,
): Promise<CellEmbedder> {
  const [, { shape }] = inputOf(modality);
  const patched = offerOf(encoder, patches);
  const grid = patched && gridOf(encoder, shape, inputOf(trained)[1].shape, patched.grid);
  if (!grid && !offerOf(encoder, map))
    throw new UserError(`encoder ${encoder.name} has neither patches nor a feature map to find classes in`);
  let found: readonly number[] = [];
  const cells = (weights: Params, inputs: Inputs) => {
    let features: Array;
    if (patched && grid) {
      const tokens = patched.encode(weights, inputs);
      const [, ofPatches = tokens] = patched.prefix > 0 ? np.split(tokens, [patched.prefix], 1) : [undefined, tokens];
      features = np.reshape(ofPatches, [batchSize, ...grid, patched.width]);
    } else features = np.transpose(encoder.hidden(weights, inputs), [0, 2, 3, 1]);
    found = features.shape;
    return { features };
  };
  const program = await compile(cells, [params, specsOf(modality, batchSize)], {
    device,
    name: `the cells of encoder ${encoder.name}`,
  });
  const [, rows = 0, columns = 0, dim = 0] = found;
  const size = rows * columns * dim;
  return {
    ...{ grid: [rows, columns], dim },
    async embed(samples) {
      const vectors = new Float32Array(samples.length * size);
      for (let start = 0; start < samples.length; start += batchSize) {
        const part = samples.slice(start, start + batchSize);
        const { features } = await program.run(params as Tree<Tensor>, stack(part, batchSize));
        const { data } = await features.read();
        features.dispose();
        vectors.set(data.subarray(0, part.length * size), start * size);
      }
      refuseInfinite(vectors, `encoder ${encoder.name}`);
      return vectors;
    },
    dispose: () => program.dispose(),
  };
}

/** The grid of patches of a larger input; the encoder interpolates its positions. */
function gridOf(
  encoder: Encoder,
  [, height = 0, width = 0]: readonly number[],
  [, trainedHeight = 0, trainedWidth = 0]: readonly number[],
  trainedGrid: readonly number[],
): Grid {
  const [rows = 0, columns = 0] = trainedGrid;
  if (trainedGrid.length !== 2) throw new UserError(`encoder ${encoder.name} cuts no rows and columns of patches`);
  const patch: Grid = [trainedHeight / rows, trainedWidth / columns];
  if (height % patch[0] !== 0 || width % patch[1] !== 0)
    throw new UserError(
      `a side of ${height} pixels cannot be cut into patches of ${patch[0]}; try --image-size ${Math.ceil(height / patch[0]) * patch[0]}`,
    );
  return [height / patch[0], width / patch[1]];
}

/** Points of a cell along each side whose colours are its raw features. */
const POINTS = 4;

/**
 * What can be seen of a cell without an encoder: its colours, as means of 4 × 4 parts, and its place, from −1 to 1.
 * @param grid of the encoder that it is compared with
 */
export function rawCells(modality: Modality<unknown>, grid: Grid): CellEmbedder {
  const [name, { shape }] = inputOf(modality);
  const [channels = 0, height = 0, width = 0] = shape;
  const [rows, columns] = grid;
  const dim = channels * POINTS ** 2 + 2;
  const means = (values: ArrayLike<number>, into: Float32Array, at: number, row: number, column: number) => {
    let to = at;
    for (let channel = 0; channel < channels; channel++)
      for (let y = 0; y < POINTS; y++)
        for (let x = 0; x < POINTS; x++) {
          const [top, bottom] = span(row * POINTS + y, rows * POINTS, height);
          const [left, right] = span(column * POINTS + x, columns * POINTS, width);
          let sum = 0;
          for (let i = top; i < bottom; i++)
            for (let j = left; j < right; j++) sum += values[(channel * height + i) * width + j]!;
          into[to++] = sum / ((bottom - top) * (right - left));
        }
    into[to] = (2 * (row + 0.5)) / rows - 1;
    into[to + 1] = (2 * (column + 0.5)) / columns - 1;
  };
  return {
    ...{ grid, dim },
    async embed(samples) {
      const vectors = new Float32Array(samples.length * rows * columns * dim);
      samples.forEach((sample, which) => {
        const { data } = sample[name]!;
        for (let cell = 0; cell < rows * columns; cell++)
          means(data, vectors, (which * rows * columns + cell) * dim, Math.floor(cell / columns), cell % columns);
      });
      return vectors;
    },
    dispose: async () => undefined,
  };
}

/** The pixels of a part, at least one. */
function span(part: number, parts: number, pixels: number): [from: number, to: number] {
  const from = Math.min(Math.floor((part * pixels) / parts), pixels - 1);
  return [from, Math.max(from + 1, Math.floor(((part + 1) * pixels) / parts))];
}
