import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const src = join(root, "src");

/** One name that a file imports from another of ours. */
export interface Import {
  readonly name: string;
  /** What the file calls it. */
  readonly as: string;
  readonly isType: boolean;
  /** Whether it is all that the file exports. */
  readonly isAll: boolean;
  /** The file that it comes from, below `src/`. */
  readonly from: string;
  /** Where a user gets it: `autodidact/layers`. */
  readonly subpath: string;
}

/** The file of a built-in method. */
export interface MethodFile {
  readonly name: string;
  readonly imports: readonly Import[];
  /** The file as a user would write it: nothing but packages is imported. */
  readonly rewritten: string;
}

/** The folders that methods' files lie in, below `src/`. */
async function foldersOfMethods(): Promise<string[]> {
  const kinds = await readdir(join(src, "modalities"));
  return ["methods", ...kinds.map((kind) => `modalities/${kind}/methods`)];
}

/** Whose a file of ours is, as a user imports it: a room's, or a kind of data's. */
function subpathOf(file: string): string {
  const [room, kind] = file.split("/");
  if (room === "foundation") return "autodidact/data";
  return `autodidact/${room === "modalities" ? kind : room}`;
}

/** A file's exports under one name: users import the name. */
const NAMESPACE = /^import \* as (\w+) from "(\.[^"]+)";$/gm;
const IMPORT = /^import\s+(type\s+)?\{([^}]*)\}\s+from\s+"(\.[^"]+)";\n/gm;

function importsOf(folder: string, code: string): Import[] {
  return [...code.matchAll(IMPORT)].flatMap(([, allTypes, names = "", target = ""]) => {
    const from = relative(src, join(src, folder, target));
    return names
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean)
      .map((part) => {
        const [, type, name = "", as = name] = /^(type\s+)?(\w+)(?:\s+as\s+(\w+))?$/.exec(part) ?? [];
        const isAll = name === "bounds" && from.endsWith("/bounds.ts");
        return { name, as, isType: (allTypes ?? type) !== undefined, isAll, from, subpath: subpathOf(from) };
      });
  });
}

/** The built-in methods' files. */
export async function methodFiles(): Promise<MethodFile[]> {
  const found: MethodFile[] = [];
  for (const folder of await foldersOfMethods())
    for (const file of await readdir(join(src, folder)).catch((): string[] => [])) {
      if (!file.endsWith(".ts")) continue;
      const text = await readFile(join(src, folder, file), "utf8");
      const code = text.replaceAll(NAMESPACE, 'import { $1 } from "$2";');
      if (!/ = method\(\{/.test(code)) continue;
      const imports = importsOf(folder, code);
      const lines = imports.map(
        ({ name, as, isType, subpath }) =>
          `import { ${isType ? "type " : ""}${name === as ? name : `${name} as ${as}`} } from "${subpath}";\n`,
      );
      const rest = code.replaceAll(IMPORT, "");
      if (/from "\./.test(rest)) throw new Error(`${file}: an import that this test does not understand`);
      found.push({ name: file.replace(/\.ts$/, ""), imports, rewritten: lines.join("") + rest });
    }
  return found;
}
