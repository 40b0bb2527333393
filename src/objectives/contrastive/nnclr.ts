import type { Array } from "../../array/index.ts";
import { inBatchContrast } from "./in-batch-contrast.ts";

/**
 * NNCLR: the nearest neighbour of one view identifies the other view's prediction within the batch. Dwibedi et al. 2021,
 * algorithm 1, https://arxiv.org/abs/2104.14548
 *
 * One way, as `L(nn, p)` in the paper's listing; a method takes the mean of both ways. The authors released no code.
 * @param neighbours `[N, dim]`, row i the neighbour of a view of sample i
 * @param predictions `[N, dim]`, row i from the other view of sample i
 * @returns scalar
 */
export const nnclr = (neighbours: Array, predictions: Array, options: { temperature: number }): Array =>
  inBatchContrast(neighbours, predictions, options);
