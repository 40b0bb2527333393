import { BrokenSample } from "../../../foundation/errors.ts";
import type { Found } from "./builder.ts";
import { readEdgeList } from "./edge-list.ts";
import type { Unit } from "./files.ts";
import { readGraphml } from "./graphml.ts";
import { readJson } from "./json.ts";
import { readOneText } from "./one-text.ts";
import { readTu } from "./tu.ts";

/**
 * The graphs of a unit, as they are read.
 * @param labelColumn the attribute of graphs that is their label
 * @throws UserError or BrokenSample when it cannot be read
 */
export async function* readUnit(
  unit: Unit,
  labelColumn: string,
  onNote: (note: string) => void,
): AsyncGenerator<Found> {
  switch (unit.kind) {
    case "json":
      yield* readJson(unit.path, unit.name, labelColumn);
      return;
    case "graphml":
      yield* await readGraphml(unit.path, unit.name, labelColumn);
      return;
    case "text": {
      const { found, note } = await readOneText(unit.path, unit.name);
      if (note !== undefined) onNote(note);
      yield* found;
      return;
    }
    case "edges":
      yield await readEdgeList(unit.name, unit.path, unit.nodes);
      return;
    case "tu":
      yield* await readTu(unit.name, unit.paths);
      return;
    case "broken":
      throw new BrokenSample(unit.reason);
  }
}

/** Where a unit's files are, for messages. */
export function pathsOf(unit: Unit): readonly string[] {
  if (unit.kind === "broken") return [];
  if (unit.kind === "tu") return Object.values(unit.paths);
  return unit.kind === "edges" && unit.nodes !== undefined ? [unit.path, unit.nodes] : [unit.path];
}
