import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type * as z from "zod";
import type { ModalityDefinition, Source } from "../../../src/data/index.ts";
import { encoders } from "../../../src/encoders/index.ts";
import { UserError } from "../../../src/foundation/errors.ts";
import { methods } from "../../../src/methods/index.ts";
import { image } from "../../../src/modalities/image/index.ts";
import { molecule } from "../../../src/modalities/molecule/index.ts";
import { protein } from "../../../src/modalities/protein/index.ts";
import { text } from "../../../src/modalities/text/index.ts";
import type { RunChoices } from "../../../src/training/run/choices.ts";
import { type RunConfig, type Training, TrainingOptions } from "../../../src/training/run/config.ts";
import { buildParts } from "../../../src/training/run/run.ts";
import { settle } from "../../../src/training/run/settle.ts";
import { someSmiles } from "../../fixtures/molecules.ts";
import { proteinFasta } from "../../fixtures/proteins.ts";
import { inFolder, writeImages } from "../../support/cli.ts";

/** More samples than any preset's batch size. */
const SAMPLES = 600;

/** Repeats a few samples. */
const repeated = (source: Source<unknown>): Source<unknown> => ({
  ...source,
  length: SAMPLES,
  name: (index) => `sample ${index}`,
  read: (index) => source.read(index % source.length),
});

/** @throws UserError when the method does not work with such data */
async function settledAndBuilt(choices: RunChoices, definition: ModalityDefinition, source: Source<unknown>) {
  const { config, samples } = await settle(choices, definition, source);
  if (samples !== source) await samples.close();
  await buildParts(config);
  return config;
}

/** The options that are not at their defaults. */
const changed = (schema: z.ZodObject, options: Readonly<Record<string, unknown>>) => {
  const defaults: Readonly<Record<string, unknown>> = schema.parse({});
  return Object.fromEntries(
    Object.entries(options).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(defaults[key])),
  );
};

/** What the recipes that say nothing about it come to. */
const PLAIN: Partial<Training> = {
  ...{ schedule: "cosine", finalLearningRate: 0, milestones: [], drop: 0.1, constantRate: [] },
  ...{ nesterov: false, gradientClip: 0, clipBy: "all" },
};

function shortTraining(training: Training) {
  const plain = { ...PLAIN, finalWeightDecay: training.weightDecay };
  const isPlain = (option: string) =>
    JSON.stringify(plain[option as keyof typeof plain]) === JSON.stringify(training[option as keyof Training]);
  const options = changed(TrainingOptions, training);
  return Object.fromEntries(Object.entries(options).filter(([option]) => !isPlain(option)));
}

async function inShort({ method, encoder, modality, training }: RunConfig, definition: ModalityDefinition) {
  return {
    encoder: encoder.name,
    ...changed((await encoders.load(encoder.name)).options, encoder.options),
    method: changed((await methods.load(method.name)).options, method.options),
    modality: changed(definition.options, modality.options),
    training: shortTraining(training),
  };
}

/** A line for every preset of every method that works with such data: its settled options. */
async function settings(definition: ModalityDefinition, source: Source<unknown>): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, presets = {} } of await methods.all())
    for (const preset of Object.keys(presets)) {
      const choices = { data: "data", modality: definition.name, method: name, preset };
      const config = await settledAndBuilt(choices, definition, source).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
      });
      if (config) lines.push(`${name} ${preset}: ${JSON.stringify(await inShort(config, definition))}`);
    }
  return lines;
}

const inLines = { serializers: [(lines: string[]) => lines.join("\n")] };

// The lines of before presets were the method's and the modality's together are in them unchanged.
// After a change on purpose: node --conditions=autodidact-source --test --test-update-snapshots <this file>
test("what every preset comes to on images", (t) =>
  inFolder(async (folder) => {
    await writeImages(folder, 2);
    t.assert.snapshot(await settings(image, repeated(await image.open(folder))), inLines);
  }));

test("what every preset comes to on texts", (t) =>
  inFolder(async (folder) => {
    const words = "one two three four five six seven eight nine ten".split(" ");
    const lines = Array.from({ length: SAMPLES }, (_, at) =>
      Array.from({ length: 64 }, (__, word) => words[(at * 7 + word * word) % words.length]).join(" "),
    );
    const file = join(folder, "texts.txt");
    await writeFile(file, `${lines.join("\n")}\n`);
    t.assert.snapshot(await settings(text, await text.open(file)), inLines);
  }));

test("what every preset comes to on molecules", (t) =>
  inFolder(async (folder) => {
    const file = join(folder, "molecules.smi");
    await writeFile(file, `${someSmiles(SAMPLES).join("\n")}\n`);
    const source = await molecule.open(file);
    t.assert.snapshot(await settings(molecule, source), inLines);
    await source.close();
  }));

test("what every preset comes to on proteins", (t) =>
  inFolder(async (folder) => {
    const file = join(folder, "proteins.fasta");
    await writeFile(file, proteinFasta(SAMPLES));
    t.assert.snapshot(await settings(protein, await protein.open(file)), inLines);
  }));
