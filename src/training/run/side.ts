import { resolve } from "node:path";
import { type Tensor, tree, Zeros } from "../../array/index.ts";
import { type Modality, modalities, offerOf } from "../../data/index.ts";
import { towers } from "../../encoders/abilities.ts";
import { axesOf, reads, type Tower } from "../../encoders/encoder.ts";
import { encoders, type InitialParams } from "../../encoders/index.ts";
import { UserError } from "../../foundation/errors.ts";
import type { MethodParams } from "../../methods/index.ts";
import type { RunConfig } from "./config.ts";
import type { Parts } from "./parts.ts";

/** What an opened run has that a side of it has, too, of its own. */
interface Opened extends Parts {
  readonly path: string;
  readonly config: RunConfig;
  readonly params: InitialParams;
  readonly methodParams: MethodParams;
}

/**
 * One side of a run on pairs, as a run on data of its own kind: the encoder of that side, its parameters, its data's options.
 * @throws UserError when the run's encoder has none of the side
 */
export async function sideOf(run: Opened, side: string): Promise<Opened> {
  const { config, modalityDefinition, modalityOptions } = run;
  const sides = modalityDefinition.sides;
  const none = () => new UserError(`${run.path}: the encoder ${run.encoder.name} has no side "${side}"`);
  if (!sides?.names.includes(side)) throw none();
  const definition = await modalities.load(side);
  const options = definition.options.parse(sides.options(modalityOptions, side));
  const { files } = config.modality;
  const modality = definition.build(options, files);
  const tower = offerOf(run.encoder, towers)?.[side] ?? (await wholeAsTower(run, modality));
  if (!tower) throw none();
  const found = new Map(tree.entries<Tensor>(run.params));
  const params = tree.map<Tensor, Tensor>(tower.encoder.init(new Zeros()), (_, path) => {
    const tensor = found.get(tower.path === "" ? path : `${tower.path}.${path}`);
    if (!tensor) throw new Error(`the ${side} side has no ${path}`);
    return tensor;
    // The same tree with other leaves.
  }) as InitialParams;
  return {
    ...run,
    path: resolve(run.path, side),
    config: {
      ...config,
      modality: { name: side, options, ...(files ? { files } : {}) },
      encoder: { name: tower.name, options: tower.options },
      side,
    },
    modalityDefinition: definition,
    modalityOptions: options,
    modality,
    encoder: tower.encoder,
    params,
    methodParams: { encoder: params },
  };
}

/** An encoder that is none of pairs and reads one side only, such as the image encoder of a captioner, as that side's. */
async function wholeAsTower({ config, encoder }: Opened, { specs }: Modality<unknown>): Promise<Tower | undefined> {
  const definition = await encoders.stored(config.encoder.name);
  if (offerOf(encoder, towers) || !reads(definition, axesOf(specs))) return undefined;
  return { encoder, name: config.encoder.name, options: config.encoder.options, path: "" };
}
