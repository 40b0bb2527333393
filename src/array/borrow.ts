import { type Array as JaxArray, lax as jaxLax, nn as jaxNn, numpy } from "@jax-js/jax";

/** A jax-js array, or a tracer in its place. Pass it to `np`, `nn` and `lax`; never call its methods. */
export type Array = JaxArray;

/** True for arrays and for tracers. */
export function isArray(value: unknown): value is Array {
  return typeof value === "object" && value !== null && "aval" in value && "ref" in value;
}

/** Passes another reference of each array, since jax-js would consume the caller's; also inside lists. */
function lend(argument: unknown): unknown {
  if (isArray(argument)) return argument.ref;
  if (globalThis.Array.isArray(argument)) return argument.map(lend);
  return argument;
}

/**
 * jax-js functions consume the arrays passed to them. Model code borrows instead: every function of the returned
 * module takes its own reference of each argument, so an array may be used any number of times.
 */
function borrowing<Module extends object>(module: Module): Module {
  const wrapped = new Map<PropertyKey, unknown>();
  return new Proxy(module, {
    get(target, key, receiver) {
      if (wrapped.has(key)) return wrapped.get(key);
      const member: unknown = Reflect.get(target, key, receiver);
      const value =
        typeof member === "function"
          ? (...args: unknown[]) => Reflect.apply(member, undefined, args.map(lend))
          : member;
      wrapped.set(key, value);
      return value;
    },
  });
}

/** NumPy's functions, borrowing. */
export const np: typeof numpy = borrowing(numpy);
/** Activations and softmaxes, borrowing. */
export const nn: typeof jaxNn = borrowing(jaxNn);
/** Convolution, windows, erf, stopGradient …, borrowing. */
export const lax: typeof jaxLax = borrowing(jaxLax);
