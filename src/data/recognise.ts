import { stat } from "node:fs/promises";
import { UserError } from "../foundation/errors.ts";
import { fileError } from "../foundation/files.ts";
import { modalities } from "./index.ts";
import type { ModalityDefinition } from "./modality.ts";

/**
 * The named kind of data, or the one that recognises the path best.
 * @throws UserError when none does, or when two are certain
 *
 * @example
 * const definition = await modalityFor("photos/");
 * const source = await definition.open("photos/");
 * console.log(definition.name, source.length);
 * await source.close();
 */
export async function modalityFor(path: string, name?: string): Promise<ModalityDefinition> {
  if (name) return modalities.load(name);
  const all = await modalities.all();
  const recognitions = await Promise.all(
    all.map(async (definition) => ({ definition, recognition: await definition.recognises(path) })),
  );
  for (const level of ["certain", "possible"] as const) {
    const [first, ...others] = recognitions.filter(({ recognition }) => recognition === level);
    if (others.length > 0 && first)
      throw new UserError(
        `${path}: could be data of several kinds; name one: --modality ${[first, ...others].map(({ definition }) => definition.name).join(" or ")}`,
      );
    if (first) return first.definition;
  }
  await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  throw new UserError(`${path}: kind of data not recognised; name it: --modality ${modalities.names.join(" or ")}`);
}
