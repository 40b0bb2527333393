import { offerOf } from "../../../data/ability.ts";
import { sides } from "../../../data/sides.ts";
import { towers } from "../../../encoders/abilities.ts";
import type { Tower } from "../../../encoders/encoder.ts";
import type { Publication, PublishedModel, Publisher } from "../../../interop/publisher.ts";
import { branchAt } from "../branch.ts";
import { kinds } from "../kinds.ts";

/** How each side of a pair is published by itself. */
export interface SidePublishers {
  readonly image: Publisher;
  readonly text: Publisher;
}

export async function sidePublishers(): Promise<SidePublishers> {
  const load = async (side: keyof SidePublishers) => {
    const publisher = await kinds[side].publish?.();
    if (!publisher) throw new Error(`${side} has no publisher`);
    return publisher;
  };
  const [image, text] = await Promise.all([load("image"), load("text")]);
  return { image, text };
}

/**
 * A side's encoder as its own kind of data publishes it: names of its parameters, and the files that a processor or a tokenizer
 * reads.
 * @param tower the encoder, and where its parameters are; the files do not depend on it
 */
export function sidePublication(
  { modality, params, files }: PublishedModel,
  side: keyof SidePublishers,
  tower: Pick<Tower, "encoder" | "path">,
  publishers: SidePublishers,
): Publication {
  const kind = offerOf(modality, sides)?.modality(side);
  if (!kind) throw new Error(`${modality.name}: no side ${side}`);
  const alone = { encoder: branchAt(params.encoder, tower.path) };
  return publishers[side].describe({ encoder: tower.encoder, params: alone, modality: kind, files });
}

/** The encoder of a side: its tower, or the whole encoder. */
export const towerOf = ({ encoder }: PublishedModel, side: keyof SidePublishers): Pick<Tower, "encoder" | "path"> =>
  offerOf(encoder, towers)?.[side] ?? { encoder, path: "" };
