import { type Array, np } from "../../array/index.ts";
import { inBatchContrast } from "./in-batch-contrast.ts";

/**
 * MoCo v3's symmetric contrastive loss: each view's prediction identifies the other view's key within the batch.
 * Chen, Xie & He 2021, algorithm 1, https://arxiv.org/abs/2104.02057
 *
 * As in the released code (https://github.com/facebookresearch/moco-v3) the loss is the sum of both directions, times
 * 2 · temperature.
 * @param q0 `[N, dim]`, predictions from the first view
 * @param q1 `[N, dim]`, from the second
 * @param k0 `[N, dim]`, keys of the first view
 * @param k1 `[N, dim]`, of the second
 * @returns scalar
 */
export const mocoV3 = (q0: Array, q1: Array, k0: Array, k1: Array, { temperature }: { temperature: number }): Array =>
  np.multiply(
    np.add(inBatchContrast(q0, k1, { temperature }), inBatchContrast(q1, k0, { temperature })),
    2 * temperature,
  );
