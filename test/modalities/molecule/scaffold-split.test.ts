import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { answersOf, truthsOf } from "../../../src/data/answers.ts";
import type { ModalityDefinition } from "../../../src/data/modality.ts";
import { splitData } from "../../../src/evaluation/labels/split.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { inFolder } from "../../support/cli.ts";

const data = new URL("../../../../shared/data/moleculenet/", import.meta.url);
const skip = existsSync(data) ? false : "MoleculeNet's sets are not there (../shared/data/moleculenet)";
const at = (name: string) => fileURLToPath(new URL(name, data));

test("scaffold splits have the sizes that are published for ESOL and BACE", { skip }, () =>
  inFolder(async (folder) => {
    const reader = { modalityDefinition: molecule as unknown as ModalityDefinition, modalityOptions: {} };
    for (const [name, sizes] of [
      ["ESOL.csv.gz", { train: 902, validation: 113, test: 113 }],
      ["bace.csv.gz", { train: 1210, validation: 151, test: 152 }],
    ] as const) {
      const split = await splitData(reader, { data: at(name), by: "scaffold", seed: 0, out: folder });
      assert.deepEqual(split.sizes, sizes, name);
      assert.equal(split.seed, undefined);
    }
  }),
);

const TASKS =
  "NR-AR,NR-AR-LBD,NR-AhR,NR-Aromatase,NR-ER,NR-ER-LBD,NR-PPAR-gamma,SR-ARE,SR-ATAD5,SR-HSE,SR-MMP,SR-p53".split(",");

test("Tox21's twelve tasks are read with their gaps", { skip }, async () => {
  const source = await molecule.open(at("tox21.csv.gz"), { labelColumn: TASKS.join(",") });
  try {
    const { classes = [], labels = new Int32Array() } = source;
    const answers = answersOf("multi-label", classes);
    assert.deepEqual(answers.outputs, TASKS);
    const truths = truthsOf(answers, classes);
    const counts = TASKS.map((_, task) => {
      const cells = [...labels].flatMap((label) => (label < 0 ? [] : (truths[label]?.[task] ?? [])));
      return [cells.filter((cell) => cell === 1).length, cells.filter((cell) => !Number.isNaN(cell)).length];
    });
    // Of NR-AR and SR-p53 as counted in the file.
    assert.deepEqual(
      [counts[0], counts[11]],
      [
        [309, 7265],
        [423, 6774],
      ],
    );
  } finally {
    await source.close();
  }
});
