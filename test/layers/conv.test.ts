import assert from "node:assert/strict";
import { test } from "node:test";
import { type Array, Rng } from "../../src/array/index.ts";
import { compile } from "../../src/engine/index.ts";
import { type Conv1dOptions, conv1d } from "../../src/layers/conv.ts";

/** The definition, in double precision. */
function byDefinition(
  x: Float32Array,
  weight: Float32Array,
  [batch, input, length]: readonly [number, number, number],
  [output, kernel]: readonly [number, number],
  { stride = 1, dilation = 1, groups = 1 }: Conv1dOptions,
  [before, after]: readonly [number, number],
): number[] {
  const [ins, outs] = [input / groups, output / groups];
  const long = Math.floor((length + before + after - (kernel - 1) * dilation - 1) / stride) + 1;
  const result: number[] = [];
  for (let sample = 0; sample < batch; sample++)
    for (let to = 0; to < output; to++)
      for (let at = 0; at < long; at++) {
        let sum = 0;
        for (let from = 0; from < ins; from++)
          for (let tap = 0; tap < kernel; tap++) {
            const place = at * stride + tap * dilation - before;
            const channel = Math.floor(to / outs) * ins + from;
            if (place >= 0 && place < length)
              sum += x[(sample * input + channel) * length + place]! * weight[(to * ins + from) * kernel + tap]!;
          }
        result.push(sum);
      }
  return result;
}

const cases: readonly (readonly [Conv1dOptions, readonly [number, number]])[] = [
  [{ stride: 2 }, [0, 0]],
  [{ dilation: 3, padding: "same" }, [3, 3]],
  [{ groups: 2, padding: "causal" }, [2, 0]],
  [{ groups: 4, dilation: 2, padding: "same", stride: 3 }, [2, 2]],
];

for (const [options, pads] of cases)
  test(`conv1d ${JSON.stringify(options)} is the sum that defines it`, async () => {
    const rng = new Rng(3);
    const layer = conv1d(4, 8, 3, { ...options, bias: true });
    const { weight, bias } = layer.init(rng);
    const shifted = { weight, bias: { ...bias!, data: Float32Array.from(bias!.data, (_, at) => at) } };
    const x = rng.normals([2, 4, 17]);
    const program = await compile(
      (params: { weight: Array; bias: Array }, wave: Array) => ({ y: layer.apply(params, wave) }),
      [shifted, x],
    );
    const { y: result } = await program.run(shifted, x);
    const y = await result.read();
    const expected = byDefinition(
      new Float32Array(x.data),
      new Float32Array(weight.data),
      [2, 4, 17],
      [8, 3],
      options,
      pads,
    );
    assert.equal(y.data.length, expected.length);
    const long = y.shape[2]!;
    expected.forEach((sum, at) => {
      assert.ok(Math.abs(sum + (Math.floor(at / long) % 8) - y.data[at]!) < 1e-5);
    });
    await program.dispose();
  });
