import type { Reads } from "../../data/reads.ts";
import type { Source } from "../../data/source.ts";
import { UserError } from "../../foundation/errors.ts";
import { chosenOf, storeOf } from "./learn.ts";
import type { ExperienceOptions } from "./options.ts";
import type { ExperienceSample } from "./sample.ts";

/** Largest side of the encoder's input that is chosen by itself. */
const LARGEST = 96;
/** Sides are multiples of this, so that the usual patches divide them. */
const MULTIPLE = 8;

/** The usual encoder of what was seen: of the images if there are any, else of the numbers. */
export const encoderOfObservations = async (source: Source<ExperienceSample>): Promise<string> =>
  (await storeOf(source)).images.length > 0 ? "resnet" : "mlp";

/**
 * What the encoder reads of a recording, and how large.
 * @throws UserError when the encoder reads images, and there are none, or numbers
 */
export async function inferExperience(
  source: Source<ExperienceSample>,
  reads?: Reads,
): Promise<Partial<ExperienceOptions>> {
  const store = await storeOf(source);
  const readsNumbers = reads !== undefined && "values" in reads;
  const names = readsNumbers ? store.vectors.map(({ name }) => name) : [];
  const { image, vectors } = chosenOf(store, names);
  if (!image && reads && !readsNumbers)
    throw new UserError(
      `the observations are numbers (${vectors.map(({ name }) => name).join(", ")}), and the encoder reads images: add --encoder mlp`,
    );
  if (image && readsNumbers)
    throw new UserError(
      `the observations are images (${image.name}), and the encoder reads numbers: leave out --encoder`,
    );
  if (!image) return { observation: vectors.map(({ name }) => name) };
  const side = Math.min(LARGEST, Math.max(image.height, image.width));
  return { observation: [image.name], imageSize: Math.max(MULTIPLE, Math.round(side / MULTIPLE) * MULTIPLE) };
}
