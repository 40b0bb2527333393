import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { type ModalityDefinition, type Source, tableOptionsOf } from "../../data/index.ts";
import { inWords } from "../../data/paths/in-words.ts";
import type { Paths } from "../../data/paths/joined.ts";
import { contentsOf } from "../../data/paths/open.ts";
import { absolutePaths } from "../../data/paths/paths.ts";
import { arrangePaths, cutPaths } from "../../data/paths/reopen.ts";
import { noteLeftOut } from "../../data/recognise.ts";
import { encoders } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { methods } from "../../methods/index.ts";
import type { RunChoices } from "./choices.ts";
import { RUN_VERSION, type RunConfig } from "./config.ts";
import { parseOptions } from "./run.ts";
import { refuseReplaced, withCurriculum } from "./settle/curriculum.ts";
import { settleEncoder } from "./settle/encoder.ts";
import { followed } from "./settle/follow.ts";
import { settleMethod } from "./settle/method.ts";
import { settleModality } from "./settle/modality.ts";
import { presetParts, smallSuggestion } from "./settle/presets.ts";
import { requestedTraining, settleTraining } from "./settle/training.ts";

/** Digest of the entries' names, in order. */
export function fingerprintOf(source: Source<unknown>): string {
  const hash = createHash("sha256");
  for (let index = 0; index < source.length; index++) hash.update(`${source.name(index)}\n`);
  return hash.digest("hex").slice(0, 16);
}

/**
 * Checks the data of a run that is continued.
 * @param path where they are now
 * @throws UserError, after closing it, when it is not the run's data
 */
export async function sourceOf(
  config: RunConfig,
  source: Source<unknown>,
  run: string,
  path: Paths = config.data.path,
): Promise<Source<unknown>> {
  const { entries, fingerprint, contents } = config.data;
  try {
    if (entries !== source.length || fingerprint !== fingerprintOf(source))
      throw new UserError(
        `${inWords(path)}: not the data of ${run} (${source.length} entries, then ${entries}, or other names)`,
      );
    if (contents !== (await contentsOf(source, path)))
      throw new UserError(
        `${inWords(path)}: not the data of ${run}: the names are the same, but what is in them has changed since; put the old contents back, or start a new run`,
      );
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** The training samples: the source's entries, or what the modality cuts or makes of them. */
export async function arrange(
  definition: ModalityDefinition,
  source: Source<unknown>,
  { options, files = {} }: RunConfig["modality"],
  onNote?: (note: string) => void,
): Promise<Source<unknown>> {
  const settled = parseOptions(definition.options, options, `modality ${definition.name}`);
  const cut = await cutPaths(definition, source, settled, onNote);
  return arrangePaths(definition, cut, settled, files, onNote);
}

/** The settled configuration and the training samples. */
export interface Settled {
  readonly config: RunConfig;
  readonly samples: Source<unknown>;
}

/**
 * Settles every option that the user left open, in the order of `PRECEDENCE` (settle/precedence.ts): encoder, method,
 * modality and training.
 * @throws UserError for a wrong option; all but the modality's are checked before the data are processed
 */
export async function settle(
  choices: RunChoices,
  definition: ModalityDefinition,
  source: Source<unknown>,
): Promise<Settled> {
  const { onNote, curriculum } = choices;
  const method = await methods.load(choices.method ?? definition.defaultMethod);
  const presets = presetParts(choices.preset, method, definition);
  const requested = requestedTraining(choices, presets);
  const defaultEncoder = (await definition.encoderFor?.(source)) ?? definition.defaultEncoder;
  const parts = {
    encoder: await settleEncoder(choices, method, presets, { ...definition, defaultEncoder }),
    method: await settleMethod(choices, method, presets, choices),
  };
  for (const option of Object.keys(choices.modalityOptions ?? {})) refuseReplaced(option, method);
  if (requested.ema > 0 && method.learned !== undefined)
    throw new UserError(`--ema has no effect with ${parts.method.name}, which is evaluated by its teacher`);

  const { reads } = await encoders.load(parts.encoder.name);
  const modality = await settleModality(choices, method, presets, definition, source, reads);
  noteLeftOut(source, onNote);
  const samples = await arrange(definition, source, modality, onNote);
  if (choices.preset === undefined) {
    const built = definition.build(modality.options, modality.files);
    const suggestion = await smallSuggestion(method, definition, samples.length, built);
    if (suggestion) onNote?.(suggestion);
  }

  const training = settleTraining(choices, requested, method.recipe, samples);
  const { batchSize, accumulate } = training;
  const perUpdate = batchSize * accumulate;
  const circumstances = { batchSize, perUpdate, samples: samples.length, options: parts.method.options };
  const options = followed(choices, method, presets, circumstances);
  const config: RunConfig = {
    version: RUN_VERSION,
    data: await dataOf(choices, source),
    ...(choices.preset === undefined ? {} : { preset: choices.preset }),
    ...{ modality, ...parts, method: { ...parts.method, options }, training },
  };
  return {
    config: curriculum?.length ? await withCurriculum(config, curriculum, method, definition) : config,
    samples,
  };
}

/** Identifies the data of a run. */
const dataOf = async (
  { data, labels, ...choices }: RunChoices,
  source: Source<unknown>,
): Promise<RunConfig["data"]> => ({
  path: await absolutePaths(data),
  ...(labels ? { labels: resolve(labels) } : {}),
  ...tableOptionsOf(choices),
  entries: source.length,
  fingerprint: fingerprintOf(source),
  contents: await contentsOf(source, data),
});
