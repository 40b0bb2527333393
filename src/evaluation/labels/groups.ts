import type { ModalityDefinition, Source } from "../../data/index.ts";
import { skipBroken } from "../../foundation/errors.ts";
import { everyEntry } from "../../training/features.ts";
import type { Supervision } from "../../training/run/config.ts";
import { labelledEntries } from "./supervision.ts";

/**
 * What must not be split between learning and judging, as the kind of data has it: of every entry the number of its group,
 * −1 for those that nobody asked about. Entries that cannot be read are groups by themselves.
 * @param entries that are asked about; the labelled ones by default
 * @returns nothing where every entry is its own group
 */
export async function groupsOf(
  { group }: Pick<ModalityDefinition, "group">,
  source: Source<unknown>,
  entries: Int32Array = labelledEntries(source.labels),
): Promise<Int32Array | undefined> {
  if (!group) return undefined;
  const groups = new Int32Array(source.length).fill(-1);
  const numbers = new Map<string, number>();
  for (const entry of entries) {
    const name = await group(source, entry).catch(skipBroken);
    const key = name === undefined ? `broken ${entry}` : `group ${name}`;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    groups[entry] = numbers.get(key)!;
  }
  return groups;
}

/** The groups of all entries that a training on labels looks at. */
export const groupsToKeep = (
  definition: Pick<ModalityDefinition, "group">,
  source: Source<unknown>,
  { unlabelled }: Supervision,
): Promise<Int32Array | undefined> => groupsOf(definition, source, unlabelled ? everyEntry(source) : undefined);
