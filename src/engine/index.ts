/** Compiles pure functions of arrays to programs. */
export { type CompileOptions, compile, type ExportOptions, type Program, toOnnx } from "./compile.ts";
export type { TokenInputs } from "./lower/index.ts";
export { type Device, type DeviceTensor, devices, read } from "./runtime.ts";
export { type FileInput, type OnnxFile, openOnnx } from "./runtimes/file.ts";
export { startJax, valueAndGrad } from "./trace.ts";
