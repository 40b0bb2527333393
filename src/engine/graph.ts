import type { DType } from "../array/index.ts";

/** The engine's form of a jaxpr: equations in topological order, each using only earlier results. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

/** The result of an equation, or an input; compared by object identity. */
export interface Value {
  readonly id: number;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A scalar constant. */
export interface Literal {
  readonly literal: number;
  readonly dtype: DType;
  readonly shape: readonly [];
}

export type Atom = Value | Literal;

export interface Equation {
  /** The jaxpr primitive: `add`, `dot`, `conv` … */
  readonly primitive: string;
  readonly inputs: readonly Atom[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly outputs: readonly Value[];
}

export const isLiteral = (atom: Atom): atom is Literal => "literal" in atom;

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/** A pass over a graph, without side effects. */
export type Pass = (graph: Graph) => Graph;

/** Reads a parameter that must be a list of integers. */
export function integers(equation: Equation, key: string): number[] {
  const value = equation.params[key];
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
  throw new Error(`${equation.primitive}: parameter ${key} is not a list of integers`);
}

/** Reads a parameter that must be a list of [low, high] pairs. */
export function pairs(equation: Equation, key: string): [number, number][] {
  const value = equation.params[key];
  if (Array.isArray(value))
    return value.map((pair: unknown) => {
      if (Array.isArray(pair) && typeof pair[0] === "number" && typeof pair[1] === "number") return [pair[0], pair[1]];
      throw new Error(`${equation.primitive}: parameter ${key} is not a list of pairs`);
    });
  throw new Error(`${equation.primitive}: parameter ${key} is not a list of pairs`);
}

export function integer(equation: Equation, key: string): number {
  const value = equation.params[key];
  if (typeof value === "number") return value;
  throw new Error(`${equation.primitive}: parameter ${key} is not an integer`);
}
