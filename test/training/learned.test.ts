import assert from "node:assert/strict";
import { test } from "node:test";
import { type Tensor, type Tree, tree } from "../../src/array/index.ts";
import { methods } from "../../src/methods/index.ts";
import { pretrain } from "../../src/training/pretrain.ts";
import { checkpointPath, loadCheckpoint } from "../../src/training/run/checkpoint.ts";
import { openRun } from "../../src/training/run/run.ts";
import { inFolder } from "../support/cli.ts";
import { fixture, vectorRun } from "../support/vectors.ts";

const numbers = (weights: Tree<Tensor>) => tree.leaves<Tensor>(weights).flatMap(({ data }) => [...data]);

test("a run is evaluated by its teacher if its method says so", () =>
  inFolder(async (folder) => {
    const options = { ...(await vectorRun(folder)), method: fixture("teacher-method.ts") };
    const { params, methodParams } = await pretrain(options);
    const { state } = await loadCheckpoint(checkpointPath(options.out, "last"));
    const teacher = new Map(tree.entries<Tensor>(state.memory));
    const expected = tree.entries<Tensor>(params).map(([path]) => teacher.get(`teacher.encoder.${path}`)!);
    assert.deepEqual(numbers(params), numbers(expected));
    assert.deepEqual(numbers(methodParams.encoder), numbers(expected));
    assert.notDeepEqual(numbers(params), numbers(state.params));
    assert.deepEqual(numbers((await openRun(options.out)).params), numbers(params));
  }));

test("methods whose papers publish the teacher are evaluated by it", async () => {
  const all = await Promise.all(methods.names.map((name) => methods.load(name)));
  const byTeacher = all.filter(({ learned }) => learned !== undefined).map(({ name }) => name);
  assert.deepEqual(byTeacher.sort(), ["dino", "dinov2", "i-jepa", "ibot", "msn"]);
});
