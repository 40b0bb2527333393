import { type Array, int32, nn, np, type Tensor, type Traced } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { TensorRecord, Vocabulary } from "../../data/index.ts";
import { maskToken, vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import { sequence } from "../../encoders/abilities.ts";
import type { Inputs } from "../../encoders/index.ts";
import { compile } from "../../engine/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { MethodParams } from "../../methods/index.ts";
import { refuseInfinite, stack } from "../../training/features.ts";
import { methodOf, type Run } from "../../training/run/run.ts";

/** A run's token predictions, compiled once. */
export interface TokenModel {
  readonly vocabulary: Vocabulary<unknown>;
  /** The token whose place it fills; undefined for a causal model, which predicts the next token. */
  readonly maskToken: number | undefined;
  /**
   * Log-probabilities of every token at some places.
   * @param texts ids of each text, as the model sees them
   * @param places for each text the places to predict
   * @returns for each text and place a row of `vocabulary.size`
   */
  predict(texts: readonly ArrayLike<number>[], places: readonly (readonly number[])[]): Promise<Float32Array[][]>;
  dispose(): Promise<void>;
}

/**
 * @param batchSize texts per pass
 * @param slots most places to predict in a text
 * @param given what else the encoder reads of each sample, the same for all texts: a picture
 * @throws UserError when the run's method predicts no tokens, or something that it reads is missing
 */
export async function tokenModel(
  run: Run,
  { batchSize = 1, slots = 1, given = {} }: { batchSize?: number; slots?: number; given?: TensorRecord } = {},
): Promise<TokenModel> {
  const { method, modality, encoder, methodDefinition } = await methodOf(run);
  const vocabulary = offerOf(modality, vocabularyAbility);
  if (!vocabulary || !method.tokenLogits)
    throw new UserError(`${run.path}: method ${methodDefinition.name} predicts no tokens; bert and causal-lm do`);
  const missing = Object.keys(modality.specs).filter((name) => name !== "ids" && name !== "mask" && !(name in given));
  if (missing.length > 0)
    throw new UserError(
      `${run.path}: predicts tokens from ${missing.join(" and ")}, too; use autodidact ${modality.name} complete`,
    );
  const { length, size } = vocabulary;
  const others = stack(globalThis.Array<TensorRecord>(batchSize).fill(given), batchSize);
  const predict = (weights: Traced<MethodParams>, { places, ...inputs }: Inputs & { readonly places: Array }) => {
    const logits = method.tokenLogits!(weights, inputs);
    const at = np.where(np.equal(np.expandDims(places, 2), np.arange(length)), 1, 0);
    return { rows: nn.logSoftmax(np.matmul(at, logits), -1) };
  };
  const spec = (extent: number) => ({ dtype: "int32", shape: [batchSize, extent] }) as const;
  const program = await compile(
    predict,
    [run.methodParams, { ...others, ids: spec(length), mask: spec(length), places: spec(slots) }],
    { device: run.config.training.device, name: "token model" },
  );
  return {
    vocabulary,
    maskToken: offerOf(encoder, sequence)?.causal ? undefined : offerOf(modality, maskToken),
    async predict(texts, places) {
      const ids = new Int32Array(batchSize * length);
      const mask = new Int32Array(batchSize * length);
      const at = new Int32Array(batchSize * slots);
      texts.forEach((text, row) => {
        const encoded = vocabulary.encode(text);
        ids.set(encoded.ids.data, row * length);
        mask.set(encoded.mask.data, row * length);
        at.set(places[row] ?? [], row * slots);
      });
      const inputs: Record<string, Tensor> = {
        ...others,
        ids: int32(ids, [batchSize, length]),
        mask: int32(mask, [batchSize, length]),
        places: int32(at, [batchSize, slots]),
      };
      const { rows } = await program.run(run.methodParams, inputs);
      const { data } = await rows.read();
      if (!(data instanceof Float32Array)) throw new Error("log-probabilities are not float32");
      refuseInfinite(data, "the language model");
      const result = texts.map((_, row) =>
        (places[row] ?? []).map((__, slot) => data.slice((row * slots + slot) * size, (row * slots + slot + 1) * size)),
      );
      rows.dispose();
      return result;
    },
    dispose: () => program.dispose(),
  };
}
