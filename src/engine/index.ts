export { type CompileOptions, compile, type Program, valueAndGrad } from "./compile.ts";
export { type Device, type DeviceTensor, devices, read } from "./runtime.ts";
