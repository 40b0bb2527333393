import { labelOfColumns } from "../../../data/answers.ts";
import { labelNamesOf } from "../../../data/tables/columns.ts";
import { utf8Chunks } from "../../../data/tables/utf8.ts";
import { UserError } from "../../../foundation/errors.ts";
import type { FieldsWanted, MoleculeEntry } from "./entry.ts";

const SEPARATOR = "$$$$";
/** Characters of a record; mol blocks of the molecules that are read have a tenth. */
const LONGEST = 1 << 24;

/** The records of an SD file, each a mol block and perhaps fields. @throws UserError when one is too long */
async function* recordsIn(path: string): AsyncGenerator<string[]> {
  let rest = "";
  for await (const { bytes } of utf8Chunks(path)) {
    const lines = `${rest}${bytes.toString("utf8")}`.replaceAll("\r\n", "\n");
    const parts = lines.split(/^\$\$\$\$[^\n]*\n/m);
    rest = parts.pop() ?? "";
    if (rest.length > LONGEST)
      throw new UserError(`${path}: a record does not end within ${LONGEST >> 20} MiB; "${SEPARATOR}" ends each`);
    yield parts;
  }
  // The last separator may have no line feed behind it.
  const last = rest.replace(/^\$\$\$\$\s*$/m, "");
  if (last.trim() !== "") yield [last];
}

/** The fields of a record by name: `> <LogP>` and the lines below, up to an empty one. */
export function fieldsOf(record: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [, name = "", value = ""] of record.matchAll(/^>[^<\n]*<([^>\n]*)>[^\n]*\n((?:[^\n]+\n?)*)/gm))
    fields.set(name.trim(), value.trim().replaceAll("\n", " "));
  return fields;
}

/** The mol block in front of the fields. */
function blockOf(record: string): string {
  const end = /^M {2}END[^\n]*\n?/m.exec(record);
  const block = end ? record.slice(0, end.index + end[0].length) : (record.split(/^>/m, 1)[0] ?? "");
  return block.endsWith("\n") ? block : `${block}\n`;
}

/** The molecules of an SD file. @throws UserError when no record has a field that is asked for */
export async function* moleculesIn(path: string, wanted: FieldsWanted): AsyncGenerator<MoleculeEntry[]> {
  let line = 0;
  const met = new Set<string>();
  const names = (fields: ReadonlyMap<string, string>) =>
    wanted.label === undefined ? [] : labelNamesOf(wanted.label, [...fields.keys()]);
  for await (const records of recordsIn(path))
    yield records.map((record) => {
      const fields = fieldsOf(record);
      for (const name of fields.keys()) met.add(name);
      const labels = names(fields);
      const cells = labels.map((name) => fields.get(name) || undefined);
      return {
        input: blockOf(record),
        title: (record.split("\n", 1)[0] ?? "").trim(),
        label: labels.length > 1 ? labelOfColumns(labels, cells) : cells[0],
        group: wanted.group === undefined ? undefined : fields.get(wanted.group) || undefined,
        line: ++line,
      };
    });
  const lacking =
    wanted.label === undefined ? undefined : labelNamesOf(wanted.label, [...met]).find((one) => !met.has(one));
  if (lacking !== undefined && line > 0)
    throw new UserError(
      `${path}: no record has a field "${lacking}"; there ${met.size > 0 ? `are: ${[...met].slice(0, 8).join(", ")}` : "are no fields"}; name one with --label-column`,
    );
}

/** The molecule of a mol file, which is a record without fields. */
export async function moleculeOf(path: string): Promise<MoleculeEntry[]> {
  const records: string[] = [];
  for await (const parts of recordsIn(path)) records.push(...parts);
  const [record = ""] = records;
  return [{ input: blockOf(record), title: (record.split("\n", 1)[0] ?? "").trim(), label: undefined, line: 0 }];
}
