import type { Spaces } from "../../agents/agent.ts";
import { float32, type Rng, sizeOf, type Tensor } from "../../array/index.ts";
import { type Action, actionSize, type Observation } from "../../environments/space.ts";
import { Priorities } from "./priorities.ts";

/** What a row of the memory is. */
const GOES_ON = 0;
const TERMINATED = 1;
const CUT_OFF = 2;
/** An episode's last observation: no step was taken from it. */
const LAST = 3;
/** The newest observation, from which no step has been taken yet. */
const OPEN = 4;

/** A batch of windows on the host: `Windows` of the agents, as tensors. */
export interface WindowTensors {
  readonly observation: Readonly<Record<string, Tensor>>;
  readonly action: Tensor;
  readonly reward: Tensor;
  readonly terminated: Tensor;
  readonly valid: Tensor;
  readonly bonus: Tensor;
  readonly onward: Readonly<Record<string, Tensor>>;
}

/** How an episode stands after a step. */
export type Ending = "goes on" | "terminated" | "cut off";

/**
 * The experience that an agent learns from: every observation once, with the action taken from it, in a ring that forgets the
 * oldest. Transitions are numbered from 0, in the order in which they were made.
 */
export class Replay {
  readonly #capacity: number;
  /** Numbers of an observation by name, and where they begin in a row. */
  readonly #fields: readonly { readonly name: string; readonly shape: readonly number[]; readonly start: number }[];
  readonly #actionStart: number;
  readonly #actionSize: number;
  /** Numbers of a row: observations, action, reward, bonus, kind. */
  readonly width: number;
  readonly #data: Float32Array;
  /** The row of each transition. */
  readonly #rowOf: Int32Array;
  /** The transition of each row; −1 for one without a step. */
  readonly #transitionOf: Int32Array;
  #rows = 0;
  #transitions = 0;
  /** The oldest transition that is still there. */
  #first = 0;
  readonly #priorities: Priorities | undefined;
  #largest = 1;

  /** @param capacity rows: steps, and one more for each episode */
  constructor({ observation, action }: Spaces, capacity: number, hasPriorities: boolean) {
    this.#capacity = capacity;
    let start = 0;
    this.#fields = Object.entries(observation).map(([name, { shape }]) => {
      const field = { name, shape, start };
      start += sizeOf(shape);
      return field;
    });
    this.#actionStart = start;
    this.#actionSize = actionSize(action);
    this.width = start + this.#actionSize + 3;
    this.#data = new Float32Array(capacity * this.width);
    this.#rowOf = new Int32Array(capacity);
    this.#transitionOf = new Int32Array(capacity).fill(-1);
    this.#priorities = hasPriorities ? new Priorities(capacity) : undefined;
  }

  /** Rows so far, those forgotten among them. */
  get rows(): number {
    return this.#rows;
  }

  /** Transitions that are there. */
  get size(): number {
    return this.#transitions - this.#first;
  }

  get #reward(): number {
    return this.#actionStart + this.#actionSize;
  }

  #kind(row: number): number {
    return this.#data[(row % this.#capacity) * this.width + this.width - 1]!;
  }

  #append(observation: Observation, kind: number): void {
    const slot = this.#rows % this.#capacity;
    const forgotten = this.#rows >= this.#capacity ? this.#transitionOf[slot]! : -1;
    if (forgotten >= 0) {
      this.#priorities?.set(forgotten % this.#capacity, 0);
      this.#first = forgotten + 1;
    }
    this.#transitionOf[slot] = -1;
    const row = this.#data.subarray(slot * this.width, (slot + 1) * this.width).fill(0);
    for (const { name, start } of this.#fields) row.set(observation[name] ?? [], start);
    row[this.width - 1] = kind;
    this.#rows++;
  }

  /** Begins an episode. */
  begin(observation: Observation): void {
    this.#append(observation, OPEN);
  }

  /** A step from the newest observation. @param action in the agent's units @param next the observation after it */
  step(action: Action, reward: number, ending: Ending, next: Observation): void {
    const slot = (this.#rows - 1) % this.#capacity;
    const row = this.#data.subarray(slot * this.width, (slot + 1) * this.width);
    row.set(action, this.#actionStart);
    row[this.#reward] = reward;
    row[this.width - 1] = ending === "goes on" ? GOES_ON : ending === "terminated" ? TERMINATED : CUT_OFF;
    this.#number(this.#rows - 1);
    this.#append(next, ending === "goes on" ? OPEN : LAST);
  }

  /** Gives a row's step its number. */
  #number(row: number): void {
    const place = this.#transitions % this.#capacity;
    this.#rowOf[place] = row;
    this.#transitionOf[row % this.#capacity] = this.#transitions;
    this.#priorities?.set(place, this.#largest);
    this.#transitions++;
  }

  /** Notes what the newest transition's novelty is worth. */
  pay(bonus: number): void {
    const row = this.#rowOf[(this.#transitions - 1) % this.#capacity]!;
    this.#data[(row % this.#capacity) * this.width + this.#reward + 1] = bonus;
  }

  /** Transitions to learn from: uniform, or in proportion to priorities. */
  draw(batch: number, rng: Rng): Int32Array {
    const priorities = this.#priorities;
    if (!priorities) return Int32Array.from({ length: batch }, () => rng.integer(this.#first, this.#transitions - 1));
    return Int32Array.from({ length: batch }, () => {
      const place = priorities.find(rng.uniform());
      return this.#transitionOf[this.#rowOf[place]! % this.#capacity]!;
    });
  }

  /** Sets the priorities of transitions that were drawn. */
  prioritise(transitions: Int32Array, priorities: Float32Array): void {
    for (const [at, transition] of transitions.entries()) {
      if (transition < this.#first) continue;
      const priority = priorities[at]!;
      this.#priorities?.set(transition % this.#capacity, priority);
      this.#largest = Math.max(this.#largest, priority);
    }
  }

  /** The priority of new transitions: the largest that there is now, rather than the largest ever. */
  settleLargest(): void {
    if (this.#priorities) this.#largest = this.#priorities.largest();
  }

  /** The newest transition alone. */
  get newest(): Int32Array {
    return Int32Array.of(this.#transitions - 1);
  }

  /**
   * The windows that begin with these transitions.
   * @param onwardAfter steps within which an episode's end leads on to the next episode
   */
  windows(transitions: Int32Array, length: number, onwardAfter: number): WindowTensors {
    const batch = transitions.length;
    const zeros = (...shape: number[]) => float32(new Float32Array(sizeOf(shape)), shape);
    const observation = this.#fields.map(({ shape }) => zeros(batch, length + 1, ...shape));
    const onward = this.#fields.map(({ shape }) => zeros(batch, ...shape));
    const [reward, terminated, valid, bonus] = [0, 1, 2, 3].map(() => zeros(batch, length));
    const action = zeros(batch, length, this.#actionSize);
    for (const [sample, transition] of transitions.entries()) {
      let row = this.#rowOf[transition % this.#capacity]!;
      let isOver = false;
      for (let step = 0; step <= length; step++) {
        this.#look(row, observation, sample * (length + 1) + step);
        if (step === Math.min(onwardAfter, length)) {
          const isNextThere = isOver && row + 1 < this.#rows;
          this.#look(isNextThere ? row + 1 : row, onward, sample);
        }
        const kind = this.#kind(row);
        if (step === length || kind === LAST || kind === OPEN) continue;
        const [at, from] = [sample * length + step, (row % this.#capacity) * this.width];
        for (let each = 0; each < this.#actionSize; each++)
          action.data[at * this.#actionSize + each] = this.#data[from + this.#actionStart + each]!;
        reward!.data[at] = this.#data[from + this.#reward]!;
        bonus!.data[at] = this.#data[from + this.#reward + 1]!;
        terminated!.data[at] = Number(kind === TERMINATED);
        valid!.data[at] = 1;
        isOver = kind !== GOES_ON;
        row++;
      }
    }
    const named = (tensors: readonly Tensor[]) =>
      Object.fromEntries(this.#fields.map(({ name }, at): [string, Tensor] => [name, tensors[at]!]));
    return {
      observation: named(observation),
      ...{ action, reward: reward!, terminated: terminated!, valid: valid!, bonus: bonus! },
      onward: named(onward),
    };
  }

  /** Copies a row's observations to a place of the tensors. */
  #look(row: number, tensors: readonly Tensor[], place: number): void {
    const from = (row % this.#capacity) * this.width;
    for (const [at, { shape, start }] of this.#fields.entries()) {
      const size = sizeOf(shape);
      const { data } = tensors[at]!;
      for (let each = 0; each < size; each++) data[place * size + each] = this.#data[from + start + each]!;
    }
  }

  /** Rows from `start` to the newest, the open one not among them, for a file. @throws Error for rows that are forgotten */
  written(start: number): Float32Array {
    const end = this.#rows > 0 && this.#kind(this.#rows - 1) === OPEN ? this.#rows - 1 : this.#rows;
    if (start < this.#rows - this.#capacity) throw new Error(`row ${start} is forgotten`);
    const rows = new Float32Array((end - start) * this.width);
    for (let row = start; row < end; row++) {
      const from = (row % this.#capacity) * this.width;
      rows.set(this.#data.subarray(from, from + this.width), (row - start) * this.width);
    }
    return rows;
  }

  /** The priorities of the transitions that are there, and the one that new ones get. */
  priorities(): { readonly each: Float32Array; readonly largest: number } {
    const each = Float32Array.from({ length: this.size }, (_, at) =>
      this.#priorities ? this.#priorities.get((this.#first + at) % this.#capacity) : 1,
    );
    return { each, largest: this.#largest };
  }

  /** Transitions so far, those forgotten among them. */
  get transitions(): number {
    return this.#transitions;
  }

  /**
   * Fills an empty memory with rows as `written` gave them, the newest that there were.
   * @param before rows that came before them
   * @param transitions of all rows together
   */
  read(rows: Float32Array, before: number, transitions: number): void {
    const kinds = Array.from({ length: rows.length / this.width }, (_, at) => rows[(at + 1) * this.width - 1]!);
    this.#rows = before;
    this.#first = transitions - kinds.filter((kind) => kind < LAST).length;
    this.#transitions = this.#first;
    for (let from = 0; from < rows.length; from += this.width) {
      const row = rows.subarray(from, from + this.width);
      const kind = row[this.width - 1]!;
      this.#append({}, kind);
      const slot = (this.#rows - 1) % this.#capacity;
      this.#data.set(row, slot * this.width);
      if (kind < LAST) this.#number(this.#rows - 1);
    }
  }

  /** Sets what `priorities` gave. */
  restore(each: Float32Array, largest: number): void {
    for (const [at, priority] of each.entries()) this.#priorities?.set((this.#first + at) % this.#capacity, priority);
    this.#largest = largest;
  }
}
