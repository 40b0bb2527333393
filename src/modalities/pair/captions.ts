import { type Array, int32, np, type Tensor, type Traced } from "../../array/index.ts";
import { offerOf } from "../../data/ability.ts";
import type { LeftOut, OpenOptions, Source } from "../../data/index.ts";
import { inWords, toText } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { modalityFor } from "../../data/recognise.ts";
import { sides as sidesAbility } from "../../data/sides.ts";
import { vocabulary as vocabularyAbility } from "../../data/vocabulary.ts";
import type { Inputs } from "../../encoders/encoder.ts";
import { compile } from "../../engine/index.ts";
import { columnsFor, entriesOfPart } from "../../evaluation/retrieval/parts-of-pairs.ts";
import { UserError } from "../../foundation/errors.ts";
import { prepareTable, writeOutputTable } from "../../interop/table.ts";
import type { MethodParams } from "../../methods/method.ts";
import { readBatches, specsOf, stack } from "../../training/features.ts";
import { openData } from "../../training/run/open-data.ts";
import { methodOf, openRun, type Run } from "../../training/run/run.ts";

export interface CaptionsOptions extends OpenOptions {
  /** A run of a method that writes captions. */
  readonly run: Run;
  /** Images, or pairs. */
  readonly data: Paths;
  /** Of pairs with a column `split`: only this part of them. */
  readonly split?: string | undefined;
  /** `.csv` or `.parquet` file to write: path, caption and, of pairs, the first caption of theirs. */
  readonly out?: string | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface Captions {
  readonly captions: readonly {
    readonly path: string;
    readonly caption: string;
    /** Of a pair: what the data say of the image first. */
    readonly given?: string;
  }[];
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  readonly leftOut: readonly LeftOut[];
}

/** Images that are written about at the same time. */
const TOGETHER = 32;

/**
 * Writes a caption for each image, the most likely token at every step.
 * @throws UserError when the run's method writes nothing, or the data are neither images nor pairs
 *
 * @example
 * const run = await openRun("runs/captioner");
 * const { captions: written } = await captions({ run, data: "photos/" });
 * for (const { path, caption } of written) console.log(path, caption);
 */
export async function captions(options: CaptionsOptions): Promise<Captions> {
  const { run, data, split, out, onProgress } = options;
  if (out !== undefined) await prepareTable(out);
  await using opened = new AsyncDisposableStack();
  const author = await authorOf(run);
  opened.defer(() => author.dispose());
  const { reader, source } = await openSeen(run, data, author.about, options);
  opened.defer(() => source.close());
  const indices = split === undefined ? undefined : entriesOfPart(source, data, split);
  const broken: { name: string; reason: string }[] = [];
  const written: { path: string; caption: string; given?: string }[] = [];
  const total = indices?.length ?? source.length;
  for await (const batch of readBatches({ modality: reader.modality, source, indices }, broken, TOGETHER)) {
    const texts = await author.write(stack(batch.rows, TOGETHER), batch.rows.length);
    for (const [row, caption] of texts.entries()) {
      const ids = batch.rows[row]?.ids;
      const given = ids && author.decode(ids.data);
      written.push({ path: source.name(batch.indices[row]!), caption, ...(given === undefined ? {} : { given }) });
    }
    onProgress?.(written.length + broken.length, total);
  }
  if (out !== undefined) {
    const column = (name: "path" | "caption" | "given") => ({ name, values: written.map((one) => one[name] ?? "") });
    const columns = [column("path"), column("caption"), ...(reader === run ? [column("given")] : [])];
    await writeOutputTable(out, columns, { run: run.path, data: toText(data) });
  }
  return { captions: written, broken, leftOut: source.leftOut ?? [] };
}

/** Opens images, or pairs, of which the images are seen. */
async function openSeen(
  run: Run,
  path: Paths,
  about: string,
  options: OpenOptions,
): Promise<{ readonly reader: Run; readonly source: Source<unknown> }> {
  const names: readonly string[] = offerOf(run.modality, sidesAbility)?.names ?? [];
  const found = await modalityFor(path);
  if (found.name !== run.modality.name && found.name !== about)
    throw new UserError(
      `${inWords(path)}: ${found.name} data; ${run.path} writes about ${about} data, by itself or in ${run.modality.name} data (${names.join(" and ")})`,
    );
  if (found.name !== about)
    return { reader: run, source: await openData(run, path, { ...options, ...columnsFor(run, path, options) }) };
  const reader = await openRun(`${run.path}/${about}`);
  return { reader, source: await openData(reader, path, options) };
}

/** A run's writer, compiled once. @throws UserError when it has none */
async function authorOf(run: Run) {
  const { method, methodDefinition, modality } = await methodOf(run);
  const { writer } = method;
  const vocabulary = offerOf(modality, vocabularyAbility);
  const seen = writer && offerOf(modality, sidesAbility)?.modality(writer.about);
  if (!writer || !vocabulary || !seen)
    throw new UserError(`${run.path}: method ${methodDefinition.name} writes no captions; virtex does`);
  const { length, ids: special } = vocabulary;
  const { device } = run.config.training;
  const reading = await compile(
    (params: Traced<MethodParams>, inputs: Inputs) => writer.read(params, inputs),
    [run.methodParams, specsOf(seen, TOGETHER)],
    { device, name: "what is written about" },
  );
  const [places, width] = writer.memory;
  const writing = await compile(
    (params: Traced<MethodParams>, ids: Array, memory: Array) => np.argmax(writer.next(params, ids, memory), -1),
    [
      run.methodParams,
      { dtype: "int32", shape: [TOGETHER, length] },
      { dtype: "float32", shape: [TOGETHER, places, width] },
    ],
    { device, name: "the writer" },
  );
  return {
    about: writer.about,
    decode: (ids: ArrayLike<number>) => vocabulary.decode(ids),
    async write(batch: Readonly<Record<string, Tensor>>, count: number): Promise<string[]> {
      const inputs = Object.fromEntries(Object.keys(seen.specs).map((name) => [name, batch[name]!]));
      const memory = await reading.run(run.methodParams, inputs);
      const texts = new Int32Array(TOGETHER * length).fill(special.pad);
      const isOver = new Uint8Array(TOGETHER);
      for (let row = 0; row < TOGETHER; row++) texts[row * length] = special.begin;
      for (let place = 0; place < length - 1 && isOver.subarray(0, count).includes(0); place++) {
        const best = await writing.run(run.methodParams, int32(texts, [TOGETHER, length]), memory);
        const { data } = await best.read();
        best.dispose();
        for (let row = 0; row < count; row++) {
          if (isOver[row]) continue;
          const next = data[row * length + place]!;
          if (next === special.end) isOver[row] = 1;
          else texts[row * length + place + 1] = next;
        }
      }
      memory.dispose();
      return globalThis.Array.from({ length: count }, (_, row) =>
        vocabulary.decode(texts.subarray(row * length, (row + 1) * length)),
      );
    },
    async dispose() {
      await reading.dispose();
      await writing.dispose();
    },
  };
}
