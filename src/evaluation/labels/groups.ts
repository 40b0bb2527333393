import type { ModalityDefinition, Source } from "../../data/index.ts";
import { groupNumbersOf } from "../../data/parts/group-numbers.ts";
import { everyEntry } from "../../training/features.ts";
import type { Supervision } from "../../training/run/config.ts";

/** The groups of all entries that a supervised training uses. */
export const groupsToKeep = (
  definition: Pick<ModalityDefinition, "group">,
  source: Source<unknown>,
  { unlabelled }: Pick<Supervision, "unlabelled">,
): Promise<Int32Array | undefined> => groupNumbersOf(definition, source, unlabelled ? everyEntry(source) : undefined);
