import { skipBroken } from "../../foundation/errors.ts";
import type { ModalityDefinition } from "../modality.ts";
import type { Source } from "../source.ts";
import { labelledEntries } from "./part.ts";

/**
 * Numbers of the groups of entries that must not be split between training and validation, as the user or the kind of data says. Unreadable
 * entries are their own groups.
 * @param entries the entries to group; by default the labelled ones
 * @param options.leavesOut whether unreadable entries have no group instead
 * @returns each entry's group number, −1 for entries not in `entries`; undefined if there are none
 */
export async function groupNumbersOf(
  definition: Pick<ModalityDefinition, "group">,
  source: Source<unknown>,
  entries: Int32Array = labelledEntries(source.labels),
  { leavesOut = false }: { readonly leavesOut?: boolean } = {},
): Promise<Int32Array | undefined> {
  const group = groupOf(definition, source);
  if (!group) return undefined;
  const groups = new Int32Array(source.length).fill(-1);
  const numbers = new Map<string, number>();
  for (const entry of entries) {
    const name = await group(entry).catch(skipBroken);
    if (name === undefined && leavesOut) continue;
    const key = name === undefined ? `broken ${entry}` : `group ${name}`;
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    groups[entry] = numbers.get(key)!;
  }
  return groups;
}

/** What an entry must not be split from: as the user or the source says, else the kind of data, else the whole it is cut from. */
function groupOf(
  definition: Pick<ModalityDefinition, "group">,
  source: Source<unknown>,
): ((entry: number) => Promise<string>) | undefined {
  const { whole } = source;
  if (source.group) return async (entry) => source.group?.(entry) ?? source.name(entry);
  if (definition.group) return async (entry) => definition.group?.(source, entry) ?? source.name(entry);
  return whole && (async (entry) => String(whole(entry)));
}
