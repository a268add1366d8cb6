import type { EnvironmentReader } from '../environment.ts';

const samplers = [
  ...['always_on', 'always_off', 'traceidratio'],
  ...['parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'],
] as const;

/** Where spans are sent, and which. */
export interface TracingSetting {
  /** Takes OTLP over HTTP, as JSON. */
  readonly url: string;
  /** As OpenTelemetry names them. */
  readonly sampler: (typeof samplers)[number];
  /** Of the traces that begin here, for samplers that take a share of them: 0 to 1. */
  readonly ratio: number;
  /** How long spans wait to be sent together, in milliseconds. */
  readonly delayMs: number;
}

/**
 * OpenTelemetry's own variables. `OTEL_EXPORTER_OTLP_ENDPOINT` is a collector's base URL, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` the whole URL;
 * without both, with `OTEL_TRACES_EXPORTER=none` or with `OTEL_SDK_DISABLED=true`, nothing is traced. What else concerns the exporter
 * (`OTEL_EXPORTER_OTLP_HEADERS` and the like) and the resource (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`) OpenTelemetry's packages read
 * themselves. http is allowed: spans hold nothing that is secret.
 */
export function readTracingSetting(environment: EnvironmentReader): TracingSetting | null {
  const base = readEndpoint(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT');
  const whole = readEndpoint(environment, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const exporter = environment.oneOf('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp');
  const disabled = environment.oneOf('OTEL_SDK_DISABLED', ['true', 'false'], 'false');
  if (exporter === 'none' || disabled === 'true' || (base === undefined && whole === undefined)) return null;
  const protocols = ['http/json', 'http/protobuf', 'grpc'] as const;
  if (environment.oneOf('OTEL_EXPORTER_OTLP_PROTOCOL', protocols, 'http/json') === 'grpc') {
    environment.fault('OTEL_EXPORTER_OTLP_PROTOCOL', 'must not be grpc: spans are sent by HTTP, as JSON');
  }
  return {
    url: whole ?? `${base?.replace(/\/+$/, '')}/v1/traces`,
    sampler: environment.oneOf('OTEL_TRACES_SAMPLER', samplers, 'parentbased_always_on'),
    ratio: readRatio(environment),
    delayMs: environment.integer('OTEL_BSP_SCHEDULE_DELAY', { min: 1, max: 60_000, default: 5_000 }),
  };
}

function readEndpoint(environment: EnvironmentReader, name: string): string | undefined {
  return environment.has(name) ? environment.url(name, { allowsPlainHttp: true }).href : undefined;
}

function readRatio(environment: EnvironmentReader): number {
  const text = environment.optional('OTEL_TRACES_SAMPLER_ARG', '1');
  if (!/^(0(\.\d+)?|1(\.0+)?)$/.test(text))
    environment.fault('OTEL_TRACES_SAMPLER_ARG', 'must be a number from 0 to 1');
  return Number(text);
}
