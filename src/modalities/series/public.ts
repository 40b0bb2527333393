/**
 * Readings over time: anomalies, and forecasts from the measurement beside its baselines to a table of what comes next.
 * @module autodidact/series
 */
export {
  type Anomalies,
  type AnomaliesOptions,
  type AnomalyScore,
  anomalies,
  anomalyScores,
  type Interval,
  type ScoredSeries,
} from "./anomalies/anomalies.ts";
export { anomaliesPage, anomalyDrawing } from "./anomalies/page.ts";
export { type Ranking, rankingOf } from "./anomalies/ranking.ts";
export { forecastChart } from "./forecast/chart.ts";
export { type Forecast, type ForecastOptions, forecast } from "./forecast/forecast.ts";
export {
  type Forecaster,
  openForecaster,
  type Prediction,
  type PredictOptions,
  predictNext,
  saveForecaster,
} from "./forecast/forecaster.ts";
export type { Head } from "./forecast/head.ts";
export type { Split } from "./forecast/parts.ts";
export type { ForecastScore } from "./forecast/scores.ts";
export { type TuneOptions, tuneDefaults } from "./forecast/tune.ts";
export { SeriesOptions } from "./options.ts";
export { cutSeries, rowOf, type Series } from "./series.ts";
