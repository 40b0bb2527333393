/**
 * ONNX Runtime sends telemetry from every process unless this variable is set before it is loaded. Imported before it, for
 * its side effect; a value set by the user is kept.
 */
const { process } = globalThis;
if (process?.env) process.env.ORT_DISABLE_TELEMETRY ??= "1";
