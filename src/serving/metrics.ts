import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** The server's Prometheus metrics. */
export interface Metrics {
  readonly registry: Registry;
  request(route: string, status: number, seconds: number): void;
  batch(program: string, rows: number, seconds: number): void;
}

/** @param samples number of samples in progress */
export function serverMetrics(samples: () => number, registry = new Registry()): Metrics {
  const registers = [registry];
  const requests = new Counter({
    name: "autodidact_requests_total",
    help: "Requests answered.",
    labelNames: ["route", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "autodidact_request_seconds",
    help: "Time from a request's headers to its response.",
    labelNames: ["route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const batchRows = new Histogram({
    name: "autodidact_batch_rows",
    help: "Samples in a batch.",
    labelNames: ["program"],
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
    registers,
  });
  const batchSeconds = new Histogram({
    name: "autodidact_batch_seconds",
    help: "Time to compute a batch.",
    labelNames: ["program"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  new Gauge({
    name: "autodidact_samples_in_progress",
    help: "Samples accepted and not answered yet.",
    registers,
    collect() {
      this.set(samples());
    },
  });
  return {
    registry,
    request(route, status, seconds) {
      requests.inc({ route, status });
      requestSeconds.observe({ route }, seconds);
    },
    batch(program, rows, seconds) {
      batchRows.observe({ program }, rows);
      batchSeconds.observe({ program }, seconds);
    },
  };
}
