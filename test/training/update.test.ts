import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Array, Rng, scalar, type Tensor, type Tree, tree } from "../../src/array/index.ts";
import { compile, read } from "../../src/engine/index.ts";
import { adamw } from "../../src/training/optimizers/adamw.ts";
import { lars } from "../../src/training/optimizers/lars.ts";
import type { Optimizer } from "../../src/training/optimizers/optimizer.ts";
import { sgd } from "../../src/training/optimizers/sgd.ts";
import { type Trained, updateAll } from "../../src/training/update.ts";

interface Kind {
  readonly shape: readonly number[];
  readonly scale: number;
  readonly isWeight: boolean;
}

const kind: fc.Arbitrary<Kind> = fc.record({
  shape: fc.constantFrom([], [3], [4, 2], [2, 1, 3], [91, 91]),
  scale: fc.constantFrom(1, 0.5),
  isWeight: fc.boolean(),
});

/** Parameters and what is remembered of them after one step, in their order. */
async function stepped(optimizer: Optimizer, kinds: readonly Kind[], gradientClip: number): Promise<Tree<Tensor>> {
  const rng = new Rng(7);
  const given = kinds.map(({ shape }, at) => ({
    param: rng.split("param", at).normals(shape),
    gradient: rng.split("gradient", at).normals(shape),
    memory: Object.fromEntries(optimizer.slots.map((slot) => [slot, rng.split(slot, at).uniforms(shape)])),
  }));
  const step = (leaves: readonly Pick<Trained, "param" | "gradient" | "memory">[], rate: Array) => {
    const trained = leaves.map((one, at) => ({ ...one, ...kinds[at]!, path: String(at) }));
    const schedule = { learningRate: rate, step: rate };
    const { updates, gradNorm } = updateAll(optimizer, trained, schedule, { weightDecay: 0.1, gradientClip });
    return { gradNorm, updated: trained.map(({ path }) => ({ ...updates.get(path)! })) };
  };
  const program = await compile(step, [given, scalar(1)], { threads: 1 });
  const result: Tree<Tensor> = await read(await program.run(given, scalar(1)));
  await program.dispose();
  return result;
}

for (const [name, optimizer] of Object.entries({ adamw: adamw(), sgd: sgd(), lars: lars() }))
  test(`${name}: small parameters updated end to end are what they would be each for itself`, () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(kind, { minLength: 1, maxLength: 20 }),
        fc.constantFrom(0, 0.5),
        async (kinds, clip) => {
          const together = tree.entries<Tensor>(await stepped(optimizer, kinds, clip));
          const apart = tree.leaves<Tensor>(await stepped({ ...optimizer, elementwise: false }, kinds, clip));
          together.forEach(([path, { data, shape }], leaf) => {
            assert.deepEqual(shape, apart[leaf]!.shape, path);
            // The length of the gradients is summed in another order.
            data.forEach((value, at) => {
              const other = apart[leaf]!.data[at]!;
              assert.ok(
                Math.abs(value - other) <= 1e-5 * Math.max(1, Math.abs(other)),
                `${path} ${at}: ${value}, ${other}`,
              );
            });
          });
        },
      ),
      { numRuns: 12, seed: 1 },
    ));
