/** An atom as it is written, its chirality apart. */
export interface WrittenAtom {
  /** Before and behind the chirality: `[C` and `H]`. */
  readonly before: string;
  readonly behind: string;
  /** "", "@" or "@@": how its neighbours stand, in the order of `neighbours`. */
  readonly chirality: string;
  /** Bonds in the order that chirality refers to; `HYDROGEN` for one that is written with the atom. */
  readonly neighbours: number[];
}

export interface WrittenBond {
  readonly from: number;
  to: number;
  /** As it is written from `from` to `to`; "" for a single or aromatic bond. */
  symbol: string;
}

/** A SMILES as the graph that it describes. */
export interface WrittenMolecule {
  readonly atoms: readonly WrittenAtom[];
  readonly bonds: readonly WrittenBond[];
}

export const HYDROGEN = -1;

/** An atom in brackets or not, a bond, a ring's number, a branch, a dot. */
const TOKEN = /(\[[^\]]*\]|Br|Cl|[BCNOPSFIbcnops*])|(->|<-|[-=#$:~/\\])|(%\(\d+\)|%\d\d|\d)|([().])/y;
/** Of an atom in brackets: isotope and element, chirality, the rest. */
const BRACKET = /^(\[\d*[A-Za-z*][a-z]?)(@{0,2})(.*\])$/;
/** The same with chirality that has other orders than these two: square planes, octahedra. */
const EXTENDED = /@(?!H)[A-Z]/;

const FLIPPED: Readonly<Record<string, string>> = { "/": "\\", "\\": "/", "->": "<-", "<-": "->" };

/** The symbol of a bond from its other end. */
export const flipped = (symbol: string): string => FLIPPED[symbol] ?? symbol;

function atomOf(text: string): WrittenAtom | undefined {
  if (!text.startsWith("[")) return { before: text, behind: "", chirality: "", neighbours: [] };
  if (EXTENDED.test(text)) return undefined;
  const [, before, chirality = "", behind = ""] = BRACKET.exec(text) ?? [];
  return before === undefined ? undefined : { before, behind, chirality, neighbours: [] };
}

/**
 * Reads a SMILES that RDKit has written, and is therefore one.
 * @returns undefined if it has something that is not read here: chirality of other shapes than tetrahedra
 */
export function readSmiles(smiles: string): WrittenMolecule | undefined {
  const atoms: WrittenAtom[] = [];
  const bonds: WrittenBond[] = [];
  const branches: number[] = [];
  const rings = new Map<string, { bond: number; symbol: string }>();
  let previous = -1;
  let symbol = "";
  const scan = new RegExp(TOKEN);
  for (let at = 0; at < smiles.length; at = scan.lastIndex) {
    scan.lastIndex = at;
    const [, atom, bond, ring, mark] = scan.exec(smiles) ?? [];
    if (atom !== undefined) {
      const read = atomOf(atom);
      if (!read) return undefined;
      const place = atoms.push(read) - 1;
      if (previous >= 0) {
        const number = bonds.push({ from: previous, to: place, symbol }) - 1;
        atoms[previous]!.neighbours.push(number);
        read.neighbours.push(number);
      }
      if (/^H/.test(read.behind)) read.neighbours.push(HYDROGEN);
      previous = place;
      symbol = "";
    } else if (bond !== undefined) symbol = bond;
    else if (ring !== undefined) {
      const opened = rings.get(ring);
      if (!opened) {
        const number = bonds.push({ from: previous, to: -1, symbol }) - 1;
        rings.set(ring, { bond: number, symbol });
        atoms[previous]!.neighbours.push(number);
      } else {
        const closed = bonds[opened.bond]!;
        closed.to = previous;
        if (symbol !== "" && closed.symbol === "") closed.symbol = flipped(symbol);
        atoms[previous]!.neighbours.push(opened.bond);
        rings.delete(ring);
      }
      symbol = "";
    } else if (mark === "(") branches.push(previous);
    else if (mark === ")") previous = branches.pop() ?? -1;
    else if (mark === ".") previous = -1;
    else return undefined;
  }
  return rings.size === 0 ? { atoms, bonds } : undefined;
}
