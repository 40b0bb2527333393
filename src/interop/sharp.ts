type Sharp = typeof import("sharp")["default"];

let loading: Promise<Sharp> | undefined;

/** The image library. It is loaded when the first image is decoded or drawn, so that programs without images start faster. */
export function loadSharp(): Promise<Sharp> {
  loading ??= import("sharp").then(({ default: sharp }) => {
    // Workers decode in parallel; threads within a decoder would compete with them.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  });
  return loading;
}
