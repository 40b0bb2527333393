import { linesOf } from "../../../data/tables/lines.ts";
import type { MoleculeEntry } from "./entry.ts";

/** What the first line of some files calls the column. */
const HEADER = /^(smiles|canonical_smiles|structure)$/i;
/** What ChemAxon and RDKit write behind a SMILES: coordinates, enhanced stereo. */
const EXTENSION = /^\|[^|]*\|\s*/;

/** The molecules of a file with one SMILES a line, and perhaps a name behind a blank or tab. */
export async function* smilesIn(path: string): AsyncGenerator<MoleculeEntry[]> {
  for await (const lines of linesOf(path)) {
    const entries: MoleculeEntry[] = [];
    for (const { bytes, number } of lines) {
      const line = bytes.toString("utf8").trim();
      const [input = ""] = line.split(/[\s,;]/, 1);
      if (number === 1 && HEADER.test(input)) continue;
      const title = line.slice(input.length + 1).trim();
      entries.push({ input, title: title.replace(EXTENSION, ""), label: undefined, line: number });
    }
    yield entries;
  }
}

/** Whether a text is the other kind of file with this extension: subtitles. */
export const isSubtitle = (text: string): boolean => /^\s*<sami>/i.test(text);
