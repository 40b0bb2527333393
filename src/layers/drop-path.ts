import { type Array, np } from "../array/index.ts";
import { trainingScope } from "./scope.ts";

/**
 * Stochastic depth: in training, each sample's residual branch is left out with probability `rate` and the others are
 * scaled up by 1 / (1 − rate). Huang et al. 2016, https://arxiv.org/abs/1603.09382
 * @param x `[batch, …]`
 */
export function dropPath(x: Array, rate: number): Array {
  const scope = trainingScope();
  if (!scope || rate === 0) return x;
  const row = scope.draws++;
  const samples = x.shape[0]!;
  scope.samples = Math.max(scope.samples, samples);
  // While draws are only being counted there are no numbers yet; shapes are all that matters then.
  if (!scope.noise) return x;
  const [rows = 0, width = 0] = scope.noise.shape;
  const drawn = np.split(scope.noise, rows, 0)[row];
  if (!drawn) throw new Error(`drop-path asked for draw ${row} of ${rows}`);
  const uniform = width === samples ? drawn : np.split(drawn, [samples], 1)[0]!;
  const kept = np.where(np.less(uniform, 1 - rate), 1 / (1 - rate), 0);
  return np.multiply(x, np.reshape(kept, [samples, ...x.shape.slice(1).map(() => 1)]));
}
