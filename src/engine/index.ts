/** Pure functions of arrays → programs. */
export { type CompileOptions, compile, type ExportOptions, type Program, toOnnx } from "./compile.ts";
export { type Device, type DeviceTensor, devices, read } from "./runtime.ts";
export { startJax, valueAndGrad } from "./trace.ts";
