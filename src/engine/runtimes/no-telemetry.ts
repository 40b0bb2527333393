/**
 * ONNX Runtime reports to its maker from every process unless it is told not to before it is loaded. Imported in front of
 * it, for its effect; whoever sets the variable decides.
 */
const { process } = globalThis;
if (process?.env) process.env.ORT_DISABLE_TELEMETRY ??= "1";
