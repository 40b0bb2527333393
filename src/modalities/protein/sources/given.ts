import type { Source } from "../../../data/source.ts";
import type { Protein } from "../protein.ts";
import { idOf } from "./fasta.ts";
import { residuesOf } from "./letters.ts";

/** A source of one protein that was typed or sent: its letters, or a FASTA file of one sequence. */
export function givenProtein(text: string): Source<Protein> {
  const [, header, rest = ""] = /^\s*>([^\n]*)\n?([\s\S]*)$/.exec(text) ?? [];
  const name = idOf(header?.trim() ?? "") || "protein";
  const letters = (header === undefined ? text : rest).replaceAll(/[\s.-]/g, "");
  return {
    length: 1,
    name: () => name,
    read: async () => ({ residues: residuesOf(letters), name: header === undefined ? "" : name }),
    manifest: { kind: "given", text },
    close: async () => undefined,
  };
}
