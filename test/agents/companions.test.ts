import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arrays, Companion, Host } from "../../src/agents/agent.ts";
import { curl } from "../../src/agents/curl.ts";
import { spr } from "../../src/agents/spr.ts";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import { box, discrete } from "../../src/environments/space.ts";
import { evaluate, fill } from "../fixtures/torch/reference.ts";

const vectors = { observation: { state: box([4], 0, 1) }, action: discrete(2), trunk: { width: 4 } };
const images = { ...vectors, observation: { eye: box([8, 8], 0, 1), state: box([4], 0, 1) } };

test("the copies of spr and curl are moving averages of the agent and of the layers after it", async () => {
  const pages: Readonly<Record<string, Companion>> = {
    spr: spr.build({ ...vectors, options: { steps: 2, width: 3, momentum: 0.75 } }),
    curl: curl.build({ ...images, options: { latent: 3, shift: 2, momentum: 0.75 } }),
  };
  for (const [name, page] of Object.entries(pages)) {
    const control: Host = { body: fill("body", [3]) };
    const [params, others] = [page.init(new Rng(0)), page.init(new Rng(1))];
    const memory = page.initMemory!(new Rng(0), others, { body: fill("old", [3]) });
    const changed = await evaluate((p: Arrays, m: Arrays, c: Arrays) => page.afterStep!(p as never, m as never, c), [
      params,
      memory,
      control,
    ] as const);
    const [fresh, old] = [{ ...params, control }, memory].map((each) => new Map(tree.entries<Tensor>(each)));
    const found = tree.entries<Tensor>(changed);
    assert.deepEqual(found.map(([path]) => path).sort(), [...old!.keys()].sort(), name);
    for (const [path, { data }] of found)
      data.forEach((value, at) => {
        const expected = 0.75 * old!.get(path)!.data[at]! + 0.25 * fresh!.get(path)!.data[at]!;
        assert.ok(Math.abs(value - expected) < 1e-6, `${name} ${path}`);
      });
  }
});

test("curl wants images, and begins with the scalar product", () => {
  const options = curl.options.parse({});
  assert.throws(() => curl.build({ ...vectors, options }), /no observation .* is one; use spr/);
  const page: Companion = curl.build({ ...images, options });
  assert.equal(page.uniforms, 4);
  const weight = new Map(tree.entries<Tensor>(page.init(new Rng(0)))).get("weight")!;
  assert.deepEqual(weight.shape, [50, 50]);
  weight.data.forEach((value, at) => {
    assert.equal(value, Number(Math.floor(at / 50) === at % 50));
  });
});
