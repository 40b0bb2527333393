import { shortened } from "../../foundation/printable.ts";
import { type Column, cellAt, type RawGraph } from "./graph.ts";

/** Longest line, and most values in it. */
const [LINE, LISTED] = [300, 6];
/** Longest name and value. */
const LONGEST = 40;

const short = (text: string): string => shortened(text.replaceAll(/\s+/g, " "), LONGEST);
const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/**
 * `17 nodes, 38 edges; node label 0 × 14, 2 × 2, 1`, or of a node `4 neighbours; words 19 81 146 …`.
 * @param graph with `root`, what surrounds its first node
 */
export function inWords(graph: Pick<RawGraph, "count" | "links" | "nodes"> & { readonly root?: number }): string {
  const { count, links, nodes, root } = graph;
  if (root !== undefined) {
    let neighbours = 0;
    for (let at = 0; at < links.length; at += 2) if (links[at] === 0 || links[at + 1] === 0) neighbours++;
    return joined(counted(neighbours, "neighbour"), nodes.map(firstOf));
  }
  return joined(`${counted(count, "node")}, ${counted(links.length / 2, "edge")}`, nodes.map(countsOf));
}

function joined(start: string, parts: readonly string[]): string {
  let text = start;
  for (const part of parts.filter((one) => one !== "")) {
    if (text.length + part.length > LINE - 4) return `${text} …`;
    text += `; ${part}`;
  }
  return text;
}

/** What the first node has in a column. */
function firstOf(column: Column): string {
  if (column.kind === "cells") {
    const cell = cellAt(column, 0);
    return cell === undefined ? "" : `${short(column.name)} ${short(String(cell))}`;
  }
  const words = [...column.items.subarray(column.starts[0]!, column.starts[1]!)].map(
    (item) => column.texts[item] ?? "",
  );
  const more = words.length > LISTED ? " …" : "";
  return words.length === 0 ? "" : `${short(column.name)} ${words.slice(0, LISTED).map(short).join(" ")}${more}`;
}

/** How often each text of a column is there, the most frequent first; of numbers nothing. */
function countsOf(column: Column): string {
  if (column.kind === "words") return "";
  const counts = new Map<string, number>();
  for (let row = 0; row < column.codes.length; row++) {
    const cell = cellAt(column, row);
    if (typeof cell === "string") counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  if (counts.size === 0) return "";
  const sorted = [...counts].sort(([, one], [, other]) => other - one);
  const some = sorted.slice(0, LISTED).map(([text, number]) => `${short(text)}${number > 1 ? ` × ${number}` : ""}`);
  return `${short(column.name)} ${some.join(", ")}${sorted.length > LISTED ? " …" : ""}`;
}
