import type { ModalityDefinition } from "../modality.ts";
import type { Source } from "../source.ts";
import { eachOf, isJoined, joined } from "./joined.ts";

/** Reopens the source of a manifest, of one path or of several. @param options as of the kind's `reopen` */
export async function reopenPaths(
  definition: Pick<ModalityDefinition, "reopen">,
  manifest: unknown,
  options?: Parameters<ModalityDefinition["reopen"]>[1],
): Promise<Source<unknown>> {
  if (!isJoined(manifest)) return definition.reopen(manifest, options);
  const sources = await Promise.all(manifest.manifests.map((one) => definition.reopen(one, options)));
  return joined(sources, manifest);
}

type Settled = Readonly<Record<string, unknown>>;
type OnNote = (note: string) => void;

/** The entries that the encoder reads: see `ModalityDefinition.cut`. Each path's are cut by themselves. */
export const cutPaths = (
  definition: Pick<ModalityDefinition, "cut">,
  source: Source<unknown>,
  options: Settled,
  onNote?: OnNote,
): Promise<Source<unknown>> =>
  eachOf(source, async (one, place) => (await definition.cut?.(one, options, noteOf(place?.name, onNote))) ?? one);

/** The training samples: see `ModalityDefinition.arrange`. Each path's are arranged by themselves. */
export const arrangePaths = (
  definition: Pick<ModalityDefinition, "arrange">,
  source: Source<unknown>,
  options: Settled,
  files: Readonly<Record<string, string>>,
  onNote?: OnNote,
): Promise<Source<unknown>> =>
  eachOf(
    source,
    async (one, place) => (await definition.arrange?.(one, options, files, noteOf(place?.name, onNote))) ?? one,
  );

/** Notes on the data of one of several paths, with its name in front. */
const noteOf = (name: string | undefined, onNote: OnNote | undefined): OnNote | undefined =>
  onNote && name !== undefined ? (note) => onNote(`${name}: ${note}`) : onNote;
