import { filled, float32, type Tensor } from "../../array/index.ts";

/** A power of two, so that scaling back is exact; small enough that tanh is the identity on what it scales. */
const IN_TANH = 2 ** -12;

/**
 * The pooler that classes of BERT and ViT put on the first token, a layer with tanh, as the identity: it scales the representation
 * down, to where tanh is linear, and the layer after it scales it up again (`afterPooler`).
 * @param name of the pooler's layer: `bert.pooler.dense`
 */
export function identityPooler(name: string, width: number): [name: string, tensor: Tensor][] {
  const identity = new Float32Array(width * width);
  for (let at = 0; at < width; at++) identity[at * width + at] = IN_TANH;
  return [
    [`${name}.weight`, float32(identity, [width, width])],
    [`${name}.bias`, filled([width], 0)],
  ];
}

/** The weight of the layer that reads such a pooler. */
export const afterPooler = ({ data, shape }: Tensor): Tensor =>
  float32(
    Float32Array.from(data, (value) => value / IN_TANH),
    shape,
  );
