import { basename } from "node:path";

/** An entry of an archive. */
interface Named {
  readonly name: string;
  /** Index of its archive. */
  readonly archive: number;
  readonly crc: number;
}

/**
 * Entries without the folders that all of their archive share; where that gives different files one name, without those
 * that all archives share; and where that does, too, with their archive's name before it.
 * @param paths of the archives
 */
export function withShortNames<Entry extends Named>(paths: readonly string[], entries: readonly Entry[]): Entry[] {
  const shared = paths.map((_, at) => sharedFolder(entries.filter(({ archive }) => archive === at).map(nameOf)));
  const common = sharedFolder(entries.map(nameOf));
  const inOwn = ({ name, archive }: Named) => name.slice(shared[archive]!.length);
  const inAll = ({ name }: Named) => name.slice(common.length);
  const inArchive = (entry: Named) => `${stemOf(paths[entry.archive]!)}/${inOwn(entry)}`;
  const isClear = (short: (entry: Named) => string) => {
    const contents = new Map<string, number>();
    return entries.every((entry) => {
      const [name, { crc }] = [short(entry), entry];
      if ((contents.get(name) ?? crc) !== crc) return false;
      contents.set(name, crc);
      return true;
    });
  };
  const short = [inOwn, inAll].find(isClear) ?? inArchive;
  return entries.map((entry) => ({ ...entry, name: short(entry) }));
}

/** What an archive is called without its ending. */
const stemOf = (path: string): string => basename(path).replace(/\.(zip|tar|tar\.gz|tgz)$/i, "");

const nameOf = ({ name }: Named): string => name;

/** The folders that every name begins with, with a slash behind them; empty if there are none. */
export function sharedFolder(names: readonly string[]): string {
  const [first = ""] = names;
  const folders = first.split("/").slice(0, -1);
  while (folders.length > 0) {
    const prefix = `${folders.join("/")}/`;
    if (names.every((name) => name.startsWith(prefix))) return prefix;
    folders.pop();
  }
  return "";
}
