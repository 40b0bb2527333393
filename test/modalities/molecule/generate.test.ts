/** Language models of SMILES: what they write is counted, and their exports are of Hugging Face's form. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { exportRun, pretrain } from "../../../src/index.ts";
import { generateMolecules } from "../../../src/modalities/molecule/generate.ts";
import { SMILES_TOKENS } from "../../../src/modalities/molecule/smiles/tokens.ts";
import { inFolder } from "../../support/cli.ts";

const CHAINS = ["CCO", "CCN", "CCCO", "CCCN", "CCCCO", "CCCCN", "CO", "CN", "CCF", "CCCF", "CCCl", "CCS"];
const encoderOptions = { width: 32, depth: 2, heads: 2, dropout: 0 };
const training = { epochs: 60, batchSize: 16, workers: 0, learningRate: 1e-2, optimizer: "adamw" } as const;

test("a causal model writes molecules; different and new ones are counted, the same for the same seed", () =>
  inFolder(async (folder) => {
    const data = join(folder, "chains.smi");
    await writeFile(data, `${CHAINS.concat(CHAINS, CHAINS, CHAINS).join("\n")}\n`);
    const common = { data, encoder: "transformer", encoderOptions, modalityOptions: { maxLength: 12 } };
    const run = await pretrain({ ...common, out: join(folder, "run"), method: "causal-lm", training });
    const result = await generateMolecules({ run, count: 80, seed: 1 });
    const { written, canonical, valid, unique, novel } = result;
    assert.equal(written.length, 80);
    const molecules = canonical.filter((smiles) => smiles !== undefined);
    assert.deepEqual([valid, unique], [molecules.length, new Set(molecules).size]);
    const known = new Set(CHAINS);
    assert.equal(novel, [...new Set(molecules)].filter((smiles) => !known.has(smiles)).length);
    assert.ok(valid >= 70, `${valid} of 80 are molecules after ${training.epochs} epochs: ${written.join(" ")}`);
    assert.ok(unique > 3 && novel < unique, `${unique} different, ${novel} new`);
    assert.deepEqual(await generateMolecules({ run, count: 80, seed: 1 }), result);
    assert.notDeepEqual((await generateMolecules({ run, count: 80, seed: 2 })).written, written);

    const bert = await pretrain({
      ...{ ...common, out: join(folder, "bert"), method: "bert" },
      training: { ...training, epochs: 1 },
    });
    await assert.rejects(generateMolecules({ run: bert, count: 2 }), { name: "UserError", message: /causal-lm does/ });
    await exportRun({ run: bert, out: join(folder, "model") });
    const read = async (file: string) => JSON.parse(await readFile(join(folder, "model", file), "utf8"));
    assert.equal((await read("tokenizer_config.json")).mask_token, "[MASK]");
    // Without the data nothing is written that could not be compared.
    await rm(data);
    const steps: number[] = [];
    await assert.rejects(generateMolecules({ run, count: 2, onProgress: (done) => steps.push(done) }), {
      ...{ name: "UserError", message: /chains\.smi/ },
    });
    assert.deepEqual(steps, []);
    assert.equal(Object.keys((await read("tokenizer.json")).model.vocab).length, SMILES_TOKENS.tokens.length);
    assert.equal((await read("config.json")).vocab_size, SMILES_TOKENS.tokens.length);
  }));
