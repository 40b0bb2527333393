/** What the columns of an edge's two ends are called; those that are called so for other reasons, too, come last. */
const ENDS: readonly (readonly [source: string, target: string, isSure: boolean])[] = [
  ["source", "target", true],
  ["src", "dst", true],
  ["node1", "node2", true],
  ["from", "to", false],
  ["u", "v", false],
  // Without a header.
  ["1", "2", false],
];

/** Places of the two ends' columns in a table of edges, and whether their names can mean nothing else; undefined for another table. */
export function endsIn(
  columns: readonly string[],
): { readonly source: number; readonly target: number; readonly isSure: boolean } | undefined {
  const lower = columns.map((name) => name.trim().toLowerCase());
  for (const [from, to, isSure] of ENDS) {
    const [source, target] = [lower.indexOf(from), lower.indexOf(to)];
    if (source >= 0 && target >= 0) return { source, target, isSure };
  }
  return undefined;
}
/** Whether each row is a graph of its own: node-link JSON, a line each. */
export const areGraphs = (columns: readonly string[]): boolean =>
  columns.includes("nodes") && (columns.includes("links") || columns.includes("edges"));
