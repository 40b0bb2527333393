import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { type Tensor, tree, Zeros } from "../../array/index.ts";
import { type ModalityDefinition, modalities, offerOf, vocabulary } from "../../data/index.ts";
import { encoders, type InitialParams } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import { fileError } from "../../foundation/files.ts";
import { type Download, localModel } from "../../interop/hub/index.ts";
import { isModel, jsonIn, weightNames } from "../../interop/model-folder.ts";
import type { AdoptedModel, Publisher } from "../../interop/publisher.ts";
import type { MethodDefinition, MethodParams } from "../../methods/method.ts";
import { DEFAULTS, RUN_VERSION, type RunConfig, type Training, TrainingOptions } from "./config.ts";
import type { Parts } from "./parts.ts";

/** A published model, and the kind of data that it reads. */
export interface PublishedStart {
  /** Its folder. */
  readonly path: string;
  /** Its path, or `owner/name@commit` on the Hub. */
  readonly from: string;
  readonly definition: ModalityDefinition;
  readonly model: AdoptedModel;
}

const Kind = z.looseObject({
  model_type: z.string().optional(),
  /** Of an export of ours. */
  autodidact: z.looseObject({ modality: z.string() }).optional().catch(undefined),
});

/** The kind of data of a model, and the publisher that reads it. */
async function readerOf(path: string): Promise<{ definition: ModalityDefinition; publisher: Publisher } | string> {
  const config = Kind.safeParse(await jsonIn(path, "config.json")).data;
  const own = config?.autodidact?.modality;
  const type = config?.model_type;
  const names = type === undefined && own === undefined ? await weightNames(path) : [];
  const readable: string[] = [];
  for (const definition of await modalities.all()) {
    const publisher = await definition.publish?.();
    if (!publisher?.adopt) continue;
    readable.push(...(publisher.adopts ?? []));
    const reads = own === undefined ? type !== undefined && publisher.adopts?.includes(type) : own === definition.name;
    if (reads || publisher.adoptsNames?.(names)) return { definition, publisher };
  }
  const what = own ? `exported models of ${own} data` : `models of type ${type ?? "unknown"}`;
  return `${join(path, "config.json")}: ${what} are not supported; supported: ${readable.join(", ")}`;
}

/**
 * Opens a published model by the kind of data that reads it.
 * @throws UserError when the folder has none, or one of a kind that is not supported
 */
export async function openPublished(path: string, from: string): Promise<PublishedStart> {
  const names = await readdir(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  if (!isModel(names)) throw new UserError(`${path}: neither a run nor a model (it has no model.safetensors)`);
  const reader = await readerOf(path);
  if (typeof reader === "string") throw new UserError(reader);
  const { definition, publisher } = reader;
  return { path, from, definition, model: await publisher.adopt!(path) };
}

/**
 * The published model that a path names: a folder with one, or an id of the Hub where nothing lies at the path.
 * @returns undefined for a run, and where there is nothing
 */
export async function publishedAt(path: string, download: Download): Promise<PublishedStart | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (!there) {
    const model = await localModel(path, download);
    return model.path === path ? undefined : openPublished(model.path, model.from);
  }
  if (!there.isDirectory() || !isModel(await readdir(path))) return undefined;
  return openPublished(path, path);
}

/** Stands for the method of a published model: it was trained elsewhere, and there is none to go on with. */
export const publishedMethod: MethodDefinition = {
  kind: "method",
  name: "published",
  family: "predictive",
  paper: "",
  summary: "trained elsewhere",
  needs: [],
  options: z.object({}),
  recipe: {},
  build() {
    throw new Error("a published model has no method");
  },
};

/** @throws UserError when what was opened has no method of its own: a side of a run on pairs, a published model */
export function refuseMethod({
  side,
  published,
  method: { name },
}: Pick<RunConfig, "side" | "published" | "method">): void {
  if (side !== undefined)
    throw new UserError(
      `the ${side} side of a run has an encoder and no method of its own (${name} needs both sides); name the whole run`,
    );
  if (published !== undefined)
    throw new UserError(
      `${published}: a published model, which has no method; start from it with autodidact pretrain --from, or finetune it`,
    );
}

/** What an opened run is made of, of a published model as it is. */
export interface PublishedRun extends Parts {
  readonly config: RunConfig;
  readonly path: string;
  readonly params: InitialParams;
  readonly methodParams: MethodParams;
}

/** A published model as a run that has not been trained here: its encoder, its weights, how it reads data. */
export async function publishedRun({ path, from, definition, model }: PublishedStart): Promise<PublishedRun> {
  const modalityOptions = definition.options.parse(model.modalityOptions);
  const modality = definition.build(modalityOptions, model.files);
  const encoderDefinition = await encoders.load(model.encoder);
  const encoderOptions = encoderDefinition.options.parse(model.encoderOptions);
  const tokens = offerOf(modality, vocabulary);
  const encoder = encoderDefinition.build(encoderOptions, modality.specs, tokens);
  const found = model.tensors(tokens);
  const params = tree.map<Tensor, Tensor>(encoder.init(new Zeros()), ({ shape }, leaf) => {
    const tensor = found.get(`encoder.${leaf}`);
    if (tensor?.shape.join() === shape.join()) return tensor;
    throw new UserError(`${path}: ${tensor ? `${leaf} is [${tensor.shape}], not [${shape}]` : `has no ${leaf}`}`);
    // The same tree with other leaves.
  }) as InitialParams;
  // Nothing is trained by them; what reads data asks for the workers, the device, the seed.
  const training: Training = {
    ...TrainingOptions.omit({ warmup: true }).parse({}),
    ...{ ...DEFAULTS, milestones: [], constantRate: [] },
    ...{ batchSize: 256, learningRate: 1e-3, warmupEpochs: 0, weightDecay: 0.05, finalWeightDecay: 0.05 },
  };
  return {
    config: {
      version: RUN_VERSION,
      data: { path: from, entries: 1, fingerprint: "", contents: "" },
      published: from,
      modality: { name: definition.name, options: modalityOptions, files: { ...model.files } },
      encoder: { name: model.encoder, options: encoderOptions },
      method: { name: publishedMethod.name, options: {} },
      training,
    },
    ...{ path: resolve(path), params, methodParams: { encoder: params } },
    ...{ modalityDefinition: definition, modalityOptions, modality, encoder, methodDefinition: publishedMethod },
  };
}
