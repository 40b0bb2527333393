import assert from "node:assert/strict";
import { test } from "node:test";
import type { Array, Tensor, Traced, TreeRecord } from "../../src/array/index.ts";
import {
  assertFiniteDifferences,
  assertGradients,
  assertMatches,
  evaluateOne,
  outputAndGradients,
  torchCase,
} from "../fixtures/torch/reference.ts";

/** Of finite differences. */
interface Differences {
  readonly step?: number;
  readonly tolerance?: number;
}

interface Compared<Host extends TreeRecord<Tensor>> extends Differences {
  readonly accuracy?: (inputs: Traced<Host>) => Array;
}

/**
 * A function that tests a loss: value, gradients and accuracy on both runtimes are PyTorch's, and finite differences agree.
 * @param file of PyTorch's values, in which each name is a case
 */
export const comparing =
  (file: Parameters<typeof torchCase>[0], usual: Differences = {}) =>
  <Host extends TreeRecord<Tensor>>(
    name: string,
    inputs: Host,
    loss: (inputs: Traced<Host>) => Array,
    { accuracy, ...differences }: Compared<Host> = {},
  ): void => {
    test(`${name}: value and gradients as PyTorch's`, async () => {
      const expected = await torchCase(file, name);
      for (const device of ["cpu", "wasm"] as const) {
        const { output, gradients } = await outputAndGradients(loss, inputs, device);
        assert.deepEqual(output.shape, []);
        assertMatches(output, expected.output, `${name} on ${device}`);
        assertGradients(gradients, expected);
        if (accuracy)
          assertMatches(await evaluateOne(accuracy, [inputs], device), expected.accuracy, `accuracy of ${name}`);
      }
      await assertFiniteDifferences(loss, inputs, { ...usual, ...differences });
    });
  };
