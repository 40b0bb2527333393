/** ONNX Runtime, of Node or of a browser (package.json's `imports`). Nobody else loads it. */
import "./no-telemetry.ts";

export * from "#onnxruntime";
