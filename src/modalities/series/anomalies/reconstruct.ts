import { type Array, Rng, scalar, type Tensor, tree } from "../../../array/index.ts";
import { offerOf } from "../../../data/ability.ts";
import { patches as patchAbility } from "../../../encoders/abilities.ts";
import type { Inputs, Params } from "../../../encoders/index.ts";
import { compile, read } from "../../../engine/index.ts";
import { UserError } from "../../../foundation/errors.ts";
import { stackViews, toBatch } from "../../../training/data/loader-task.ts";
import { parseOptions, type Run } from "../../../training/run/run.ts";
import type { Series } from "../series.ts";

/** Windows at a time, and how often each is masked: with three quarters hidden, a step is seen to be predicted thrice. */
const [BATCH, DRAWS] = [32, 4];

/** Errors of windows; see `reconstructor`. */
export interface Reconstructor {
  /**
   * The mean squared error of each step where it was hidden, `[window]`; NaN where it never was. In units of what the method
   * predicts: of an encoder that brings each window to mean 0 and deviation 1, of that window's deviation.
   */
  errors(windows: readonly Series[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Whether a run's method hides parts of its input and predicts them: MAE, SimMIM. */
export const canReconstruct = ({ methodDefinition: { name } }: Run): boolean => ["mae", "simmim"].includes(name);

/**
 * Hides parts of windows, at random and several times, and compares what the run's method predicts with what was there.
 * @throws UserError when the method does not predict what it hides
 */
export async function reconstructor(run: Run): Promise<Reconstructor> {
  const { methodDefinition, modality, encoder, config } = run;
  const refusal = `${run.path}: method ${methodDefinition.name} does not predict hidden parts of its input; pretrain with --method mae or simmim, or use --score distance`;
  if (!canReconstruct(run)) throw new UserError(refusal);
  const options = parseOptions(methodDefinition.options, config.method.options, `method ${methodDefinition.name}`);
  // What is compared is the window itself, not a view of it.
  const asIs = { ...modality, perturb: (sample: unknown) => sample };
  const method = methodDefinition.build({ encoder, modality: asIs, options, samples: config.data.entries, runs: {} });
  const draw = method.look;
  const patches = offerOf(encoder, patchAbility);
  if (!draw || !patches) throw new UserError(refusal);
  const params = run.methodParams;
  const rng = new Rng(0).split("hidden parts");
  let drawn = 0;
  const batchOf = (windows: readonly Series[]) => {
    const full = globalThis.Array.from({ length: BATCH }, (_, at) => windows[Math.min(at, windows.length - 1)]!);
    const views = full.map((window) => method.views(window, rng.split("window", drawn++), { index: 0, label: -1 }));
    return toBatch({ leaves: stackViews(views), broken: [] });
  };
  const [channels = 1, length = 1] = modality.specs.series?.shape ?? [];
  const blank = batchOf([{ channels: [], length, values: new Float32Array(channels * length), ready: true }]);
  const program = await compile(
    (weights: Params, views: Params & { readonly image: Inputs }, progress: Array) => ({
      ...draw(weights as Parameters<typeof draw>[0], views, {}, { progress }),
      // As the encoder cuts it into patches: PatchTST's are of the normalised window, and may leave its first steps out.
      whole: patches.unpatchify(patches.patchify(views.image)),
    }),
    [params, blank, scalar(0)],
    { name: `${methodDefinition.name}'s predictions` },
  );
  return {
    async errors(windows) {
      const result: Float32Array[] = [];
      for (let start = 0; start < windows.length; start += BATCH) {
        const some = windows.slice(start, start + BATCH);
        const sums = some.map(() => new Float32Array(length));
        const counts = some.map(() => new Int32Array(length));
        for (let turn = 0; turn < DRAWS; turn++) {
          const views = batchOf(some);
          const outputs = await read(await program.run(params, views, scalar(1)));
          const { masked, reconstruction, whole } = Object.fromEntries(tree.entries<Tensor>(outputs));
          if (!masked || !reconstruction || !whole) throw new UserError(refusal);
          const mask = Object.fromEntries(tree.entries<Tensor>(views))["image.mask"];
          some.forEach((_, row) => {
            addErrors({ row, channels, length, mask, whole, masked, reconstruction }, sums[row]!, counts[row]!);
          });
        }
        some.forEach((_, row) => {
          result.push(
            sums[row]!.map((sum, step) => (counts[row]![step]! > 0 ? sum / counts[row]![step]! : Number.NaN)),
          );
        });
      }
      return result;
    },
    dispose: () => program.dispose(),
  };
}

interface Predicted {
  readonly row: number;
  readonly channels: number;
  readonly length: number;
  /** 0 where a value is missing. */
  readonly mask: Tensor | undefined;
  /** The input, `[batch, channels, length]` as all below. */
  readonly whole: Tensor;
  /** The input with what was hidden at 0. */
  readonly masked: Tensor;
  /** The input with what was hidden as predicted. */
  readonly reconstruction: Tensor;
}

function addErrors(predicted: Predicted, sums: Float32Array, counts: Int32Array): void {
  const { row, channels, length, mask, whole, masked, reconstruction } = predicted;
  for (let channel = 0; channel < channels; channel++)
    for (let step = 0; step < length; step++) {
      const at = (row * channels + channel) * length + step;
      const truth = whole.data[at]!;
      // What was not hidden is as it was in both.
      const isHidden = masked.data[at] !== truth || reconstruction.data[at] !== truth;
      if (!isHidden || mask?.data[at] === 0) continue;
      sums[step]! += (reconstruction.data[at]! - truth) ** 2;
      counts[step]!++;
    }
}
