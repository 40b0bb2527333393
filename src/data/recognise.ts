import { stat } from "node:fs/promises";
import { UserError } from "../foundation/errors.ts";
import { fileError } from "../foundation/files.ts";
import { modalities } from "./index.ts";
import type { ModalityDefinition } from "./modality.ts";

/**
 * The kind of data that is named, or else the one that recognises the path best.
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
  const answers = await Promise.all(
    all.map(async (definition) => ({ definition, sure: await definition.recognises(path) })),
  );
  for (const level of ["certain", "possible"] as const) {
    const [first, ...others] = answers.filter(({ sure }) => sure === level);
    if (others.length > 0 && first)
      throw new UserError(
        `${path}: may be data of several kinds; name the one that is meant: --modality ${[first, ...others].map(({ definition }) => definition.name).join(" or ")}`,
      );
    if (first) return first.definition;
  }
  await stat(path).catch((error: unknown) => {
    throw fileError(path, "read", error);
  });
  throw new UserError(
    `${path}: data of a kind that cannot be told; name it: --modality ${modalities.names.join(" or ")}`,
  );
}
