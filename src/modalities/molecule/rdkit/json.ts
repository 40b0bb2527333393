import type { JSMol } from "./instance.ts";

/** An atom in RDKit's JSON (CommonChem); what is left out has the value below. */
export interface JsonAtom {
  readonly z: number;
  readonly impHs: number;
  readonly chg: number;
  readonly nRad: number;
  readonly isotope: number;
  readonly stereo: string;
}

/** A bond, Kekulé's form. */
export interface JsonBond {
  readonly bo: number;
  readonly atoms: readonly [number, number];
  readonly stereo: string;
}

/** One molecule, with RDKit's perception of rings and aromaticity. */
export interface JsonMolecule {
  readonly atoms: readonly JsonAtom[];
  readonly bonds: readonly JsonBond[];
  readonly aromaticAtoms: readonly number[];
  readonly aromaticBonds: readonly number[];
  readonly atomRings: readonly (readonly number[])[];
}

interface Written {
  readonly defaults: { readonly atom: JsonAtom; readonly bond: Omit<JsonBond, "atoms"> };
  readonly molecules: readonly [
    {
      readonly atoms: readonly Partial<JsonAtom>[];
      readonly bonds?: readonly (Partial<JsonBond> & Pick<JsonBond, "atoms">)[];
      readonly extensions?: readonly Partial<Omit<JsonMolecule, "atoms" | "bonds">>[];
    },
  ];
}

/** A molecule of RDKit's in its JSON, defaults filled in. */
export function jsonOf(mol: JSMol): JsonMolecule {
  const { defaults, molecules }: Written = JSON.parse(mol.get_json());
  const [{ atoms, bonds = [], extensions = [] }] = molecules;
  const perceived = extensions[0] ?? {};
  return {
    atoms: atoms.map((atom) => ({ ...defaults.atom, ...atom })),
    bonds: bonds.map((bond) => ({ ...defaults.bond, ...bond })),
    aromaticAtoms: perceived.aromaticAtoms ?? [],
    aromaticBonds: perceived.aromaticBonds ?? [],
    atomRings: perceived.atomRings ?? [],
  };
}

/** The JSON of a molecule without stereo, for RDKit to read. */
export const jsonFor = (atoms: readonly JsonAtom[], bonds: readonly JsonBond[]): string =>
  JSON.stringify({
    rdkitjson: { version: 11 },
    defaults: {
      atom: { z: 6, impHs: 0, chg: 0, nRad: 0, isotope: 0, stereo: "unspecified" },
      bond: { bo: 1, stereo: "unspecified" },
    },
    molecules: [
      {
        atoms: atoms.map(({ stereo: _, ...atom }) => atom),
        bonds: bonds.map(({ bo, atoms: ends }) => ({ bo, atoms: ends })),
      },
    ],
  });
