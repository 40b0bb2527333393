import { type Array, nn, np } from "../../array/index.ts";
import { normalize } from "../parts/normalize.ts";
import { push } from "./dcl.ts";

/**
 * Decoupled contrastive loss with von Mises–Fisher weights: pairs that are far apart pull harder. Yeh et al. 2021,
 * equation 7, https://arxiv.org/abs/2110.06848
 *
 * The positive of row i is weighted by 2 − N · softmax(similarity / sigma)ᵢ over the batch's pairs. As in the released
 * code the weights are differentiated too; for the rest it is `dcl`.
 * @param z0 `[N, dim]`, normalised here
 * @param z1 `[N, dim]`, row i the partner of row i of `z0`; normalised here
 * @param options.sigma spread of the weights; 0.5 in the paper
 * @returns scalar
 */
export function dclw(z0: Array, z1: Array, { temperature, sigma }: { temperature: number; sigma: number }): Array {
  const [first, second] = [normalize(z0), normalize(z1)];
  const positives = np.sum(np.multiply(first, second), -1);
  const weights = np.subtract(2, np.multiply(nn.softmax(np.multiply(positives, 1 / sigma), 0), z0.shape[0]!));
  const pull = np.mean(np.multiply(np.multiply(positives, 1 / temperature), weights));
  return np.subtract(push(first, second, temperature), pull);
}
