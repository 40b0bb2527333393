import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Rng, type Tensor, tree } from "../../src/array/index.ts";
import type { TensorRecord } from "../../src/data/index.ts";
import { labelsFromTable } from "../../src/data/labels.ts";
import { modalityFor } from "../../src/data/recognise.ts";
import { publisherOf } from "../../src/evaluation/smaller/export-run.ts";
import { UserError } from "../../src/foundation/errors.ts";
import { embed, inspect, modalities, neighbourIndex, openRun, pretrain } from "../../src/index.ts";
import { openExported } from "../../src/interop/exported-model.ts";
import { readEmbeddings } from "../../src/interop/parquet.ts";
import { givenIn, tensorsOf } from "../../src/serving/samples.ts";
import { turns } from "../../src/serving/turns.ts";
import { specsOf } from "../../src/training/features.ts";
import { openStart } from "../../src/training/run/start.ts";
import { labelNames } from "./seeds.ts";

/**
 * Opens a file as the product does, up to the numbers that an encoder would read.
 * @param path of the mutant
 * @param folder that it lies in, with the files beside it
 * @returns errors that the product met and went on after: broken samples
 * @throws what the product throws
 */
export type Opener = (path: string, folder: string) => Promise<readonly unknown[]>;

/** A wrong result and no error. */
export class Silent extends Error {
  override name = "Silent";
}

/** Entries read of one source. */
const MOST = 24;

function checked(tensors: TensorRecord, specs: Readonly<Record<string, { readonly shape: readonly number[] }>>): void {
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (shape.join() !== specs[name]?.shape.join()) throw new Silent(`${name} has shape ${shape}`);
    if (!data.every(Number.isFinite)) throw new Silent(`${name} has a value that is not finite`);
  }
}

/** Data of one kind: recognised, opened, read, prepared, reopened from its manifest as in a worker. */
export const dataOf =
  (name: string, chosen: Readonly<Record<string, unknown>> = {}): Opener =>
  async (path) => {
    const definition = await modalities.load(name);
    const broken: unknown[] = [];
    const met = (error: unknown) => {
      broken.push(error);
    };
    await modalityFor(path).catch(met);
    const source = await definition.open(path);
    try {
      const samples: unknown[] = [];
      for (let index = 0; index < Math.min(MOST, source.length); index++)
        await source.read(index).then((sample) => samples.push(sample), met);
      if (samples.length === 0) return broken;
      const options = definition.options.parse({ ...(await definition.infer(source)), ...chosen });
      const files = await definition.learn?.(source, options);
      const modality = definition.build(options, files);
      for (const sample of samples) {
        checked(modality.tensors(sample), modality.specs);
        if (!/^[^\n\r]{1,300}$/.test((await modality.show(sample)).text)) throw new Silent("shown in more than a line");
        if (!Number.isFinite(definition.size(sample).amount)) throw new Silent("its size is not a number");
      }
      const cut = (await definition.cut?.(source, options)) ?? source;
      for (let index = 0; cut !== source && index < Math.min(MOST, cut.length); index++)
        await cut.read(index).then((sample) => checked(modality.tensors(sample), modality.specs), met);
      if (cut !== source) await cut.close();
      const arranged = (await definition.arrange?.(source, options, files ?? {})) ?? source;
      const again = await definition.reopen(structuredClone(arranged.manifest), options);
      if (again.length !== arranged.length) throw new Silent(`${again.length} entries when reopened`);
      // Parts of a large graph have extents of their own.
      const expected = (tensors: TensorRecord) => (again.perBatch === undefined ? modality.specs : tensors);
      for (let index = 0; index < Math.min(MOST, again.length); index++)
        await again.read(index).then((sample) => {
          const tensors = modality.tensors(sample);
          checked(tensors, expected(tensors));
        }, met);
      await again.close();
      if (arranged !== source) await arranged.close();
      return broken;
    } finally {
      await source.close();
    }
  };

/** The data in a folder beside the mutant, or around it. */
export const folderOf =
  (name: string, then: Opener): Opener =>
  (_, folder) =>
    then(join(folder, name), folder);

/** One sample as a client sends it. */
export const given =
  (name: string, then: Opener): Opener =>
  async (path, folder) => {
    const { accepts } = await modalities.load(name);
    const source = accepts.bytes?.(await readFile(path), "the body", "");
    const met: unknown[] = [];
    await source?.read(0).catch((error: unknown) => met.push(error));
    return [...met, ...(await then(path, folder))];
  };

export const labelTable: Opener = async (path) => {
  await labelsFromTable(path, labelNames);
  return [];
};

/** A tokenizer of someone else's: `--tokenizer`. */
export const tokenizer: Opener = async (path, folder) => {
  const definition = await modalities.load("text");
  const source = await definition.open(join(folder, "corpus.txt"));
  try {
    const options = definition.options.parse({ tokenizer: path, maxLength: 16 });
    const modality = definition.build(options, await definition.learn?.(source, options));
    for (let index = 0; index < MOST; index++) {
      const sample = await source.read(index);
      checked(modality.tensors(sample), modality.specs);
      checked(
        modality.tensors(await definition.reopen(source.manifest).then((same) => same.read(index))),
        modality.specs,
      );
    }
    return [];
  } finally {
    await source.close();
  }
};

/** A run: described, opened, and its encoder asked for vectors, which are read again. */
export const run =
  (data: string): Opener =>
  async (_, folder) => {
    const path = join(folder, "run");
    await inspect(path);
    const opened = await openRun(path);
    const out = join(folder, "out.parquet");
    const { broken } = await embed({ run: opened, data: join(folder, data), out });
    const { data: vectors } = await readEmbeddings(out);
    if (!vectors.every(Number.isFinite)) throw new Silent("a vector that is not finite");
    return broken.map(({ reason }) => reason);
  };

/** A finished run, continued. */
export const resumed =
  (data: string): Opener =>
  async (_, folder) => {
    const out = join(folder, "run");
    const { methodParams } = await pretrain({ data: join(folder, data), out, resume: true });
    for (const [path, { data: values }] of tree.entries<Tensor>(methodParams))
      if (!values.every(Number.isFinite)) throw new Silent(`${path} is not finite`);
    return [];
  };

/** A model in Hugging Face's format, to start from. */
export const start: Opener = async (_, folder) => {
  const { tensors, vocabulary } = await openStart(join(folder, "model"));
  for (const [name, { data }] of tensors(vocabulary))
    if (!data.every(Number.isFinite)) throw new Silent(`${name} is not finite`);
  return [];
};

/** What `search` reads. */
export const vectors: Opener = async (path, folder) => {
  const { encoder, params } = await openRun(join(folder, "run"));
  const dim = encoder.embedDim;
  const index = await neighbourIndex(path, { dim, params });
  const { data } = await readEmbeddings(path);
  if (!data.every(Number.isFinite)) throw new Silent("a vector that is not finite");
  const rng = new Rng(1);
  const found = index.nearest(
    Float32Array.from({ length: dim }, () => rng.normal()),
    3,
  );
  if (!found.every(({ similarity }) => Number.isFinite(similarity)))
    throw new Silent("a similarity that is not finite");
  return [];
};

/**
 * An exported model, asked for the vectors of a batch. The product opens only what it has just written, so what is tried
 * here is the runtime: it may refuse in its own words, and must neither crash nor hang.
 */
export const exported: Opener = async (path, folder) => {
  const { modality, modalityDefinition } = await openRun(join(folder, "run"));
  const publisher = await publisherOf(modalityDefinition);
  const refused = (): never => {
    throw new UserError("refused by the runtime");
  };
  const model = await openExported(await readFile(path), publisher).catch(refused);
  const specs = specsOf(modality, 2);
  const batch = Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]): [string, Tensor] => [
      name,
      { dtype: "float32", shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) },
    ]),
  );
  await model.vectors(model.feeds(batch)).catch(refused).finally(model.dispose);
  return [];
};

/** The body of a request to the server of a run. */
export const body =
  (contentType: string): Opener =>
  async (path, folder) => {
    const { modality, modalityDefinition: definition } = await openRun(join(folder, "run"));
    const reader = { definition, modality };
    const given = givenIn({ contentType, body: await readFile(path), most: 64 }, reader);
    for (const tensors of await tensorsOf(given, reader, turns(2))) checked(tensors, modality.specs);
    return [];
  };
