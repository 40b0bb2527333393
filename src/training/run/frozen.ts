import { type Modality, normalization, offerOf } from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { FrozenFile, FrozenRun, MethodDefinition, MethodParams } from "../../methods/index.ts";
import type { RunConfig } from "./config.ts";
import { isOnnx, openFrozenFile } from "./frozen-file.ts";
import type { Parts } from "./parts.ts";

/** A run or a published model, opened. */
interface Opened extends Parts {
  readonly config: RunConfig;
  readonly methodParams: MethodParams;
}

/** What a method builds on, by option. */
export interface FrozenModels {
  readonly runs: Readonly<Record<string, FrozenRun>>;
  readonly files: Readonly<Record<string, FrozenFile>>;
}

/**
 * Opens what a method's options name for it to build on: runs, published models, ONNX files.
 * @param open opens a run or a published model
 * @param isForViews whether only views are made, and no step: then an ONNX file is not opened
 * @throws UserError when something cannot be opened, or reads other inputs than this run
 */
export async function frozenModels(
  { runs: names = [] }: MethodDefinition,
  options: Readonly<Record<string, unknown>>,
  parts: Parts,
  open: (path: string) => Promise<Opened>,
  isForViews: boolean,
): Promise<FrozenModels> {
  const runs: Record<string, FrozenRun> = {};
  const files: Record<string, FrozenFile> = {};
  for (const name of names) {
    const path = options[name];
    if (typeof path !== "string") continue;
    if (!isOnnx(path)) runs[name] = frozenRun(path, await open(path), parts.modality);
    else files[name] = isForViews ? unopened(path) : await openFrozenFile(path, parts);
  }
  return { runs, files };
}

/** @throws UserError when its inputs differ from this run's */
function frozenRun(path: string, opened: Opened, modality: Modality<unknown>): FrozenRun {
  const { config, encoder, methodDefinition, modality: other, methodParams: params } = opened;
  const reading = (one: Modality) =>
    JSON.stringify({ name: one.name, specs: one.specs, normalization: offerOf(one, normalization) });
  if (reading(other) !== reading(modality))
    throw new UserError(`${path}: a model of ${other.name} data of another size or scale: ${reading(other)}`);
  return { path, method: methodDefinition.name, options: config.method.options, encoder, params };
}

const unopened = (path: string): FrozenFile => ({
  path,
  run: () => Promise.reject(new Error(`${path} was not opened: only views are made here`)),
});
