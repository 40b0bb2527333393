import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";
import { claim, filled, float32, type Tensor } from "./tensor.ts";

/** Mixes one 32-bit word into a running 32-bit state (MurmurHash3's body and finaliser). */
function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  let h = state ^ k;
  h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The seeded generator. `split` derives an independent generator from a purpose ("augment", epoch, index …) without
 * advancing this one. So a sample's random numbers depend only on the seed and the purposes: they are the same for any
 * number of workers, and after a resume.
 */
export class Rng {
  readonly #key: number;
  #generator: RandomGenerator | undefined;
  #spare: number | undefined;

  constructor(seed: number) {
    this.#key = mix(0x9e3779b9, seed | 0);
  }

  split(...purpose: readonly (string | number)[]): Rng {
    let key = this.#key;
    for (const part of purpose) {
      if (typeof part === "number") key = mix(mix(key, part | 0), 0x6e);
      else {
        for (let i = 0; i < part.length; i++) key = mix(key, part.charCodeAt(i));
        key = mix(key, 0x73);
      }
    }
    return new Rng(key);
  }

  #next(): number {
    this.#generator ??= xoroshiro128plus(this.#key);
    return this.#generator.next() >>> 0;
  }

  /** Uniform in [low, high), 53 random bits. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.#next() >>> 5) * 67108864 + (this.#next() >>> 6)) / 9007199254740992;
    return low + (high - low) * unit;
  }

  /** Uniform integer in [low, high]; both ends included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Normal deviate (Box–Muller, both values used). */
  normal(mean = 0, deviation = 1): number {
    if (this.#spare !== undefined) {
      const value = this.#spare;
      this.#spare = undefined;
      return mean + deviation * value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return mean + deviation * radius * Math.cos(angle);
  }

  /** A random order of 0 … count−1 (Fisher–Yates). */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, index) => index);
    for (let last = count - 1; last > 0; last--) {
      const other = this.integer(0, last);
      const kept = order[last]!;
      order[last] = order[other]!;
      order[other] = kept;
    }
    return order;
  }

  /** Normal values clipped to ±2 deviations by redrawing (timm's and JAX's truncated normal). */
  truncatedNormal(shape: readonly number[], deviation = 0.02): Tensor {
    const values = new Float32Array(claim(shape));
    for (let i = 0; i < values.length; i++) {
      let value = this.normal();
      while (Math.abs(value) > 2) value = this.normal();
      values[i] = value * deviation;
    }
    return float32(values, shape);
  }

  normals(shape: readonly number[], deviation = 1): Tensor {
    return float32(
      Float32Array.from({ length: claim(shape) }, () => this.normal(0, deviation)),
      shape,
    );
  }

  uniforms(shape: readonly number[], low = 0, high = 1): Tensor {
    return float32(
      Float32Array.from({ length: claim(shape) }, () => this.uniform(low, high)),
      shape,
    );
  }
}

/** A generator of tensors that are all zero, where only their shapes are needed. */
export class Zeros extends Rng {
  constructor() {
    super(0);
  }
  override split(): Rng {
    return this;
  }
  override normals(shape: readonly number[]): Tensor {
    return filled(shape, 0);
  }
  override uniforms(shape: readonly number[]): Tensor {
    return filled(shape, 0);
  }
  override truncatedNormal(shape: readonly number[]): Tensor {
    return filled(shape, 0);
  }
}
