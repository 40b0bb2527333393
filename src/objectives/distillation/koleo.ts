import { type Array, lax, np } from "../../array/index.ts";
import { onDiagonal } from "../parts/diagonal.ts";
import { normalize } from "../parts/normalize.ts";

const EPSILON = 1e-8;

/**
 * KoLeo, the Kozachenko–Leonenko estimate of entropy as a regulariser: features are spread over the sphere. Sablayrolles
 * et al. 2018, https://arxiv.org/abs/1806.03198, as in https://github.com/facebookresearch/dinov2: rows at unit length,
 * each row's nearest other row by inner product, −mean log(‖difference + 1e-8‖ + 1e-8). Gradients flow to both rows of
 * a pair; ties go to the first row.
 * @param z `[rows, dim]`, two rows or more
 * @returns scalar
 */
export function koleo(z: Array): Array {
  const rows = z.shape[0]!;
  const unit = normalize(z);
  const near = lax.stopGradient(np.matmul(unit, np.transpose(unit)));
  const others = np.where(onDiagonal(rows), -2, near);
  const isNearest = np.equal(np.reshape(np.argmax(others, 1), [-1, 1]), np.arange(rows));
  const nearest = np.matmul(np.where(isNearest, 1, 0), unit);
  const difference = np.add(np.subtract(unit, nearest), EPSILON);
  const distance = np.sqrt(np.sum(np.square(difference), -1));
  return np.negative(np.mean(np.log(np.add(distance, EPSILON))));
}
