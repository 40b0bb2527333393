import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Basis,
  type Cell,
  type CellResult,
  countsOf,
  finishedCells,
  planOf,
  runCells,
} from "../../../src/evaluation/label-efficiency/label-cells.ts";
import { inFolder } from "../../support/cli.ts";

const basis: Basis = {
  task: "classification",
  encoder: "a",
  train: "b",
  test: "c",
  seed: 0,
  steps: null,
  scratch: null,
};
const plan = planOf([10, 100], 2, ["probe", "scratch"]);
const keyOf = ({ contender, labels, draw }: Cell) => `${contender} ${labels} ${draw}`;

/** Records the cells that it runs. */
function worker() {
  const started: string[] = [];
  const work = async (cell: Cell): Promise<CellResult> => {
    started.push(keyOf(cell));
    return { ...cell, score: 0.5, answers: [[0, 1, 3]], seconds: 2 };
  };
  return { started, work };
}

test("shares become numbers of labels, fewest first; too few and equal ones are left out with a note", () => {
  const notes: string[] = [];
  const least = (count: number) => ({ count, description: `the ${count} classes` });
  const counts = countsOf([100, 1, 2, 50, 49.9], 300, least(4), (note) => notes.push(note));
  assert.deepEqual(counts, [6, 150, 300]);
  assert.equal(notes.length, 2);
  assert.match(notes[0] ?? "", /^1 % of 300 labels are 3, fewer than the 4 classes/);
  assert.match(notes[1] ?? "", /^50 % of 300 labels are 150 again/);
  assert.throws(() => countsOf([1, 2], 100, least(10)), {
    name: "UserError",
    message: /shares of 1, 2 % are fewer labels than the 10 classes/,
  });
});

test("frozen features come first, and then draw by draw", () => {
  assert.deepEqual(plan.map(keyOf), [
    ...["probe 10 0", "probe 100 0", "probe 10 1", "probe 100 1"],
    ...["scratch 10 0", "scratch 100 0", "scratch 10 1", "scratch 100 1"],
  ]);
});

test("finished cells are not repeated, wherever the run was stopped, and a longer plan adds to them", () =>
  inFolder(async (folder) => {
    const file = join(folder, "report.json");
    const all: string[] = [];
    for (let stop = 1; all.length < plan.length; stop++) {
      // Stopped in the middle of a cell, which is then unfinished.
      const controller = new AbortController();
      const { started, work } = worker();
      const stopping = async (cell: Cell) => {
        if (started.length === stop) {
          controller.abort();
          throw new Error("stopped");
        }
        return work(cell);
      };
      const { cells, isDone } = await runCells(file, basis, plan, stopping, { signal: controller.signal });
      all.push(...started);
      assert.deepEqual(cells.map(keyOf), all);
      assert.equal(isDone, all.length === plan.length);
    }
    assert.deepEqual(all, plan.map(keyOf));
    const { started, work } = worker();
    const before = await readFile(file, "utf8");
    assert.equal((await runCells(file, basis, plan, work)).isDone, true);
    assert.deepEqual(started, []);
    assert.equal(await readFile(file, "utf8"), before);
    await runCells(file, basis, planOf([10, 50, 100], 2, ["probe", "scratch"]), work);
    assert.deepEqual(started, ["probe 50 0", "probe 50 1", "scratch 50 0", "scratch 50 1"]);
  }));

test("a failure is not a stop, and cells finished before it are kept", () =>
  inFolder(async (folder) => {
    const file = join(folder, "report.json");
    const { work } = worker();
    const failing = async (cell: Cell) => {
      if (cell.contender === "scratch") throw new Error("diverged");
      return work(cell);
    };
    await assert.rejects(runCells(file, basis, plan, failing), /diverged/);
    assert.equal((await finishedCells(file, basis)).length, 4);
  }));

test("the time left is estimated once one cell of each contender is done", () =>
  inFolder(async (folder) => {
    const estimates: (number | undefined)[] = [];
    const onCell = ({ etaSeconds }: { etaSeconds?: number }) => estimates.push(etaSeconds);
    const { work } = worker();
    await runCells(join(folder, "report.json"), basis, planOf([10], 2, ["probe", "scratch"]), work, { onCell });
    // Two probes, then two from scratch, 2 s each.
    assert.deepEqual(estimates, [undefined, undefined, undefined, 2]);
  }));

test("finished cells with another basis are refused, and so is a file that is no report", () =>
  inFolder(async (folder) => {
    const file = join(folder, "report.json");
    await runCells(file, basis, plan.slice(0, 1), worker().work);
    const refused = (other: Partial<typeof basis>, message: RegExp) =>
      assert.rejects(finishedCells(file, { ...basis, ...other }), { name: "UserError", message });
    await refused({ encoder: "z" }, /begun with other weights of the encoder/);
    await refused({ test: "z" }, /begun with other test data or labels/);
    await refused({ task: "regression" }, /begun with another --task/);
    await refused({ seed: 1 }, /begun with another --seed/);
    await refused({ scratch: '{"steps":9000}' }, /begun with other settings from scratch/);
    // From scratch was trained for a third of the steps.
    await writeFile(file, (await readFile(file, "utf8")).replace(/"version":\d+/, '"version":1'));
    await refused({}, /begun by version 1 of the report, .*; remove it, or name another --out$/);
    await writeFile(file, "{}");
    await refused({}, /not a report of label efficiency/);
    await writeFile(file, "{");
    await refused({}, /not JSON/);
  }));
