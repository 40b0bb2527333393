/** One of several paths that data lie at; structured-cloneable. */
export interface Place {
  /** What stands before the names of its entries: the last parts of the path. */
  readonly name: string;
  /** Of a file, its name: rows of tables and single files are called so already. */
  readonly file?: string;
}

/** The name of an entry, with the path in front: `2023/cats/1.jpg`, `more.zip/2.jpg`, `2023/reviews.csv:12`. */
export const nameAt = ({ name, file }: Place, entry: string): string =>
  file !== undefined && (entry === file || entry.startsWith(`${file}:`))
    ? `${name.slice(0, name.length - file.length)}${entry}`
    : `${name}/${entry}`;
