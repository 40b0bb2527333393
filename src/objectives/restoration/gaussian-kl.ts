import { type Array, np } from "../../array/index.ts";

/**
 * KL divergence of diagonal Gaussians from the standard one, in nats: ½ Σ (μ² + σ² − 1 − log σ²) over the latents, the
 * mean over rows. Kingma & Welling 2013, appendix B, https://arxiv.org/abs/1312.6114
 * @param mean `[batch, latents]`
 * @param logVariance `[batch, latents]`
 * @returns scalar, at least 0
 */
export function gaussianKl(mean: Array, logVariance: Array): Array {
  const excess = np.subtract(np.add(np.square(mean), np.exp(logVariance)), np.add(logVariance, 1));
  return np.multiply(np.mean(np.sum(excess, -1)), 0.5);
}
