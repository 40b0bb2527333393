import type { Molecule } from "./molecule.ts";

/*
 * A molecule as bytes, so that it is parsed once: three uint16 (atoms, bonds, bytes of the SMILES), the two ends of each bond as
 * uint16, the codes of atoms and of bonds as bytes, the SMILES. About 450 bytes.
 */

const HEAD = 3;
/** Codes of an atom, and of a bond beside its two ends. */
const [ATOM, BOND] = [9, 3];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The record of a molecule with this SMILES and graph. */
export function recordOf(smiles: string, { count, nodes, edges }: Molecule["graph"]): Uint8Array {
  const text = encoder.encode(smiles);
  const bonds = edges.length / (2 + BOND);
  const shorts = HEAD + 2 * bonds;
  const record = new Uint8Array(2 * shorts + nodes.length + BOND * bonds + text.length);
  const view = new DataView(record.buffer);
  [count, bonds, text.length].forEach((value, at) => {
    view.setUint16(2 * at, value);
  });
  record.set(nodes, 2 * shorts);
  for (let bond = 0; bond < bonds; bond++)
    for (let at = 0; at < 2 + BOND; at++) {
      const value = edges[bond * (2 + BOND) + at]!;
      if (at < 2) view.setUint16(2 * (HEAD + 2 * bond + at), value);
      else record[2 * shorts + nodes.length + bond * BOND + at - 2] = value;
    }
  record.set(text, record.length - text.length);
  return record;
}

/** The molecule of a record. */
export function moleculeIn(record: Uint8Array): Molecule {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const [count, bonds] = [view.getUint16(0), view.getUint16(2)];
  const from = 2 * (HEAD + 2 * bonds);
  const nodes = Int32Array.from(record.subarray(from, from + ATOM * count));
  const edges = new Int32Array(bonds * (2 + BOND));
  const codes = from + nodes.length;
  for (let bond = 0; bond < bonds; bond++) {
    const to = bond * (2 + BOND);
    edges[to] = view.getUint16(2 * (HEAD + 2 * bond));
    edges[to + 1] = view.getUint16(2 * (HEAD + 2 * bond + 1));
    for (let at = 0; at < BOND; at++) edges[to + 2 + at] = record[codes + BOND * bond + at]!;
  }
  return { smiles: decoder.decode(record.subarray(codes + BOND * bonds)), graph: { count, nodes, edges } };
}
