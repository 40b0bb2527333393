/**
 * The inputs that an encoder reads, by name, and how many axes each may have besides the batch: `{ pixels: 3 }`. `"*"` is one
 * float32 input of any name.
 */
export type Reads = Readonly<Record<string, number | readonly number[]>>;
