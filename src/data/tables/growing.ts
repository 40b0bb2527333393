/** A growing array of numbers, which ends up in memory shared by threads. */
export class Column<Values extends Float64Array | Uint32Array | Int32Array> {
  #values: Values;
  #length = 0;
  readonly #make: (length: number | SharedArrayBuffer) => Values;

  constructor(make: (length: number | SharedArrayBuffer) => Values) {
    this.#make = make;
    this.#values = make(1024);
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = this.#make(2 * this.#length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  get length(): number {
    return this.#length;
  }

  shared(): Values {
    const values = this.#make(new SharedArrayBuffer(this.#length * this.#values.BYTES_PER_ELEMENT));
    values.set(this.#values.subarray(0, this.#length));
    return values;
  }
}

const float64 = (length: number | SharedArrayBuffer): Float64Array =>
  typeof length === "number" ? new Float64Array(length) : new Float64Array(length);
const uint32 = (length: number | SharedArrayBuffer): Uint32Array =>
  typeof length === "number" ? new Uint32Array(length) : new Uint32Array(length);
const int32 = (length: number | SharedArrayBuffer): Int32Array =>
  typeof length === "number" ? new Int32Array(length) : new Int32Array(length);

export const float64Column = () => new Column<Float64Array>(float64);
export const uint32Column = () => new Column<Uint32Array>(uint32);
export const int32Column = () => new Column<Int32Array>(int32);
