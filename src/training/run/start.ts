import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Tensor, tree } from "../../array/index.ts";
import {
  type ModalityDefinition,
  offerOf,
  type Vocabulary,
  vocabulary as vocabularyAbility,
} from "../../data/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { type Download, localModel } from "../../interop/hub/index.ts";
import type { MethodParams } from "../../methods/index.ts";
import { openPublished } from "./published.ts";
import { openRun, parseOptions, type Run, sideAt } from "./run.ts";

type Options = Readonly<Record<string, unknown>>;

/** What training starts from instead of random weights. */
export interface Start {
  /** Its path, for messages. */
  readonly path: string;
  /** What a run's configuration says that it began from: the path, or `owner/name@commit` on the Hub. */
  readonly from: string;
  /** Its kind of data. */
  readonly modality: string;
  readonly encoder: string;
  /** Its options; the user's options override them. */
  readonly encoderOptions: Options;
  readonly modalityOptions: Options;
  /** The method that continues its training, if it is not its data's usual one. */
  readonly method?: string | undefined;
  /** Its vocabulary, if it reads tokens. */
  readonly vocabulary?: Vocabulary<unknown> | undefined;
  /** Of an encoder of pairs, the parts that it has: `image`. By default all of the encoder. */
  readonly parts?: readonly string[];
  /** Parameters by path. @param vocabulary of the new run; UserError when it has more tokens than the start */
  tensors(vocabulary?: Vocabulary<unknown>): ReadonlyMap<string, Tensor>;
}

/**
 * Opens the argument of `--from`: a run folder, a folder with a model in Hugging Face's format, or the id of one on the Hub.
 * @param download callbacks, for an id that is not in the Hub's cache
 * @throws UserError when it is none of them
 */
export async function openStart(argument: string, download: Download = {}): Promise<Start> {
  if (await sideAt(argument)) return fromRun(argument);
  const { path, from } = await localModel(argument, download);
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  return names.includes("checkpoints") ? fromRun(path) : adopted(path, from);
}

/**
 * The data's options that a new run inherits from an earlier one: how it read them, and what it made from them, such as
 * a tokenizer. @param path of the earlier run, or of a side of one on pairs, whose files are the whole run's
 */
export function inheritedOptions({ config, modalityDefinition, modalityOptions }: Run, path: string): Options {
  const folder = config.side === undefined ? path : dirname(path);
  const { files = {}, options } = config.modality;
  return modalityDefinition.inherit?.(modalityOptions, files, folder) ?? options;
}

async function fromRun(path: string): Promise<Start> {
  const run = await openRun(path);
  const { modality, encoder } = run.config;
  return {
    ...{ path, from: path },
    modality: modality.name,
    encoder: encoder.name,
    encoderOptions: encoder.options,
    modalityOptions: inheritedOptions(run, path),
    vocabulary: offerOf(run.modality, vocabularyAbility),
    tensors: () => new Map(tree.entries<Tensor>(run.methodParams)),
  };
}

/**
 * Sides of pairs that start from runs on data of their kinds, each with its encoder and what its data were prepared with.
 * @param from paths by side
 * @throws UserError when a run's data are of another kind, or the kind of data has no such side
 */
export async function openSides(
  { name, sides }: ModalityDefinition,
  from: Readonly<Record<string, string>>,
  download: Download = {},
): Promise<Start & { readonly encoderChoices: Options }> {
  const starts = await Promise.all(
    Object.entries(from).map(async ([side, path]) => {
      if (!sides?.names.includes(side))
        throw new UserError(`--${side}-from is for pairs; the training data are ${name} data`);
      const start = await openStart(path, download);
      if (start.modality !== side)
        throw new UserError(`--${side}-from ${path}: learned from ${start.modality} data, not from ${side} data`);
      return { side, start };
    }),
  );
  const merged = (of: (one: (typeof starts)[number]) => Options): Options => Object.assign({}, ...starts.map(of));
  return {
    path: Object.values(from).join(", "),
    from: starts.map(({ side, start }) => `${side}: ${start.from}`).join(", "),
    ...{ modality: name, encoder: "", encoderOptions: {} },
    encoderChoices: merged(({ side, start }) => ({
      [side]: start.encoder,
      [`${side}Options`]: start.encoderOptions,
    })),
    modalityOptions: merged(
      ({ side, start }) => sides?.inherit?.(start.modalityOptions, side) ?? start.modalityOptions,
    ),
    vocabulary: starts.find(({ start }) => start.vocabulary)?.start.vocabulary,
    parts: starts.map(({ side }) => side),
    tensors: (vocabulary) =>
      new Map(
        starts.flatMap(({ side, start }) =>
          [...start.tensors(vocabulary)].flatMap(([path, tensor]): [string, Tensor][] =>
            path.startsWith("encoder.") ? [[`encoder.${side}.${path.slice("encoder.".length)}`, tensor]] : [],
          ),
        ),
      ),
  };
}

/** A published model as a start. */
async function adopted(path: string, from: string): Promise<Start> {
  const { definition, model } = await openPublished(path, from);
  const options = parseOptions(definition.options, model.modalityOptions, `modality ${definition.name}`);
  return {
    ...{ path, from, modality: definition.name, method: model.method },
    ...{ encoder: model.encoder, encoderOptions: model.encoderOptions, modalityOptions: model.modalityOptions },
    vocabulary: offerOf(definition.build(options, model.files), vocabularyAbility),
    tensors: (vocabulary) => model.tensors(vocabulary),
  };
}

/**
 * A method's initial parameters, replaced by those of the start where it has them; a missing head stays random.
 * @param vocabulary of the new run
 * @throws UserError when the encoder or the vocabulary differs from the start's
 */
export function startFrom(
  start: Start,
  vocabulary: Vocabulary<unknown> | undefined,
  params: MethodParams,
): MethodParams {
  refuseOtherTokens(start, vocabulary);
  const tensors = start.tensors(vocabulary);
  const mismatch = (path: string, { shape }: Tensor, found: Tensor | undefined) =>
    new UserError(
      `${start.path}: ${found ? `${path} has shape [${found.shape}] instead of [${shape}]` : `has no ${path}`}; the encoder's options or the tokenizer do not match`,
    );
  // The same tree with other leaves.
  return tree.map<Tensor, Tensor>(params, (leaf, path) => {
    const found = tensors.get(path);
    if (found?.shape.join() === leaf.shape.join()) return found;
    if (isOfStart(path, start)) throw mismatch(path, leaf, found);
    return leaf;
  }) as MethodParams;
}

/** Whether a start must have the parameter. */
const isOfStart = (path: string, { parts }: Start): boolean =>
  parts ? parts.some((part) => path.startsWith(`encoder.${part}.`)) : path.startsWith("encoder.");

/** A row of the embedding is only valid for the token it was trained with. */
function refuseOtherTokens({ path, vocabulary: trained }: Start, vocabulary: Vocabulary<unknown> | undefined): void {
  if (!trained || !vocabulary) return;
  for (let id = 0; id < Math.min(trained.size, vocabulary.size); id++) {
    const [expected, actual] = [trained.token(id), vocabulary.token(id)];
    if (expected !== actual)
      throw new UserError(
        `${path}: token ${id} is ${JSON.stringify(expected)} there and ${JSON.stringify(actual)} here; leave out --tokenizer, or train from scratch`,
      );
  }
}
