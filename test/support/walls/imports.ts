import { dynamicImportsOf, type Files, importsOf } from "./files.ts";

/** What a room may import beside itself and the foundation; see `missteps`. */
export interface Row {
  readonly imports: readonly string[];
  /** What it may import types from, and nothing that runs. */
  readonly types?: readonly string[];
}

/** The rooms by their folder; `*` stands for any one name, and of two rows the longer holds. */
export type Rooms = Readonly<Record<string, Row>>;

const pattern = (place: string, end: string) => new RegExp(`^${place.replaceAll("*", "[^/]+")}${end}`);

/** Whether a path lies in a place: `engine` is the folder with all that is below it, `engine/` what lies in it directly. */
export const liesIn = (path: string, place: string): boolean =>
  place.endsWith("/") ? pattern(place, "[^/]+$").test(path) : pattern(place, "(/|$)").test(path);

/** The row that holds for a file. */
export const roomOf = (path: string, rooms: Rooms): string | undefined =>
  Object.keys(rooms)
    .filter((room) => liesIn(path, room))
    .sort((a, b) => b.split("/").length - a.split("/").length)[0];

/** Imports that go where their room may not. */
export function missteps(files: Files, rooms: Rooms): string[] {
  return [...files].flatMap(([path, text]) => {
    if (!path.includes("/")) return [];
    const room = roomOf(path, rooms);
    if (room === undefined) return [`${path}: no row says what it may import`];
    const { imports, types = [] } = rooms[room]!;
    return importsOf(path, text)
      .filter(({ target, isType }) => {
        if (!files.has(target) || liesIn(target, "foundation")) return false;
        if (roomOf(target, rooms) === room) return false;
        return ![...imports, ...(isType ? types : [])].some((place) => liesIn(target, place));
      })
      .map(({ target }) => `${path} imports ${target}, which ${room} may not`);
  });
}

/** Rows that are of no folder, and places in them that nothing lies in. */
export const idle = (files: Files, rooms: Rooms): string[] =>
  Object.entries(rooms)
    .flatMap(([room, { imports, types = [] }]) => [room, ...imports, ...types])
    .filter((place) => ![...files.keys()].some((path) => liesIn(path, place)))
    .map((place) => `${place}: nothing lies there`);

/** Circles of files, types counted; a registry's lines, which load what is asked for, are not. Each by its files, sorted. */
export function circles(files: Files): string[][] {
  const targets = new Map([...files].map(([path, text]) => [path, importsOf(path, text).map(({ target }) => target)]));
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  // Tarjan's strongly connected components.
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.get(path)!);
    open.push(path);
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue;
      if (!order.has(target)) visit(target);
      else if (!open.includes(target)) continue;
      lowest.set(path, Math.min(lowest.get(path)!, lowest.get(target)!));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const circle = open.splice(open.indexOf(path));
    if (circle.length > 1 || targets.get(path)!.includes(path)) found.push(circle.sort());
  };
  for (const path of targets.keys()) if (!order.has(path)) visit(path);
  return found;
}

const kindOf = (path: string): string | undefined => /^modalities\/([^/]+)\//.exec(path)?.[1];

/**
 * Imports of a kind's folder from outside of it: statically nobody may, and dynamically the registries.
 * @param registries paths of files
 */
export const intruders = (files: Files, registries: readonly string[]): string[] =>
  [...files].flatMap(([path, text]) => {
    const lines = registries.includes(path) ? [] : dynamicImportsOf(path, text);
    const targets = [...importsOf(path, text).map(({ target }) => target), ...lines];
    return targets
      .filter((target) => kindOf(target) !== undefined && kindOf(target) !== kindOf(path))
      .map((target) => `${path} imports ${target}, and only a registry's line may`);
  });

/**
 * Files in such places that reach a package when they are loaded, through other files too.
 * @returns the way there: `a.ts → b.ts → package`
 */
export function reaching(files: Files, places: readonly string[], packageName: string): string[] {
  const wayFrom = (path: string, before: readonly string[]): readonly string[] | undefined => {
    if (path === packageName) return [...before, path];
    const text = files.get(path);
    if (text === undefined || seen.has(path)) return undefined;
    seen.add(path);
    for (const { target, isType } of importsOf(path, text)) {
      const way = isType ? undefined : wayFrom(target, [...before, path]);
      if (way) return way;
    }
    return undefined;
  };
  let seen = new Set<string>();
  return [...files.keys()]
    .filter((path) => places.some((place) => liesIn(path, place)))
    .flatMap((path) => {
      seen = new Set();
      const way = wayFrom(path, []);
      return way ? [way.join(" → ")] : [];
    });
}
