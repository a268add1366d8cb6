import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from '../logger.ts';
import { createBoundedExport } from './bounded-export.ts';
import type { TracingSetting } from './setting.ts';
import { createTraceIds } from './trace-ids.ts';
import type { Span, SpanStart, Tracing } from './tracing.ts';

// Some hundred logins: a collector that starts anew is away for seconds.
const mostWaiting = 2_048;
// Of the 25 seconds that a program has to stop.
const stopWithinMs = 3_000;

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER };
const propagator = new W3CTraceContextPropagator();

/**
 * Traces with OpenTelemetry. Nothing instruments itself: spans are ours, so that no statement, header or URL gets into one. Nothing is global
 * either, so that two programs can run in one process.
 */
export function startTracing(setting: TracingSetting, service: string, log: Logger): Tracing {
  const exporter = new OTLPTraceExporter({ url: setting.url });
  const { processor, dropped } = createBoundedExport(exporter, mostWaiting, setting.delayMs, {
    dropping: (code) =>
      log.warn({ event: 'spans_dropped', code }, 'the collector does not take spans; they are dropped'),
    arriving: () => log.info({ event: 'spans_taken_again', dropped: dropped() }, 'the collector takes spans again'),
  });
  const provider = new TracerProvider({
    sampler: samplerOf(setting),
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': service }))
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    spanProcessors: [processor],
    idGenerator: createTraceIds(),
  });
  const tracer = provider.getTracer('personnummer-sync');
  const underWay = new AsyncLocalStorage<Context>();

  return {
    span(start, action) {
      const parent = parentOf(start, underWay.getStore());
      const { name, kind, attributes = {}, startedAt } = start;
      const options = {
        attributes: { ...attributes },
        ...(kind !== undefined && { kind: kinds[kind] }),
        ...(startedAt !== undefined && { startTime: startedAt }),
      };
      const span = tracer.startSpan(name, options, parent);
      return underWay.run(trace.setSpan(parent, span), async () => {
        const handle = handleOf(span);
        try {
          return await action(handle);
        } catch (error) {
          handle.fail(codeOf(error));
          throw error;
        } finally {
          span.end();
        }
      });
    },
    traceparent() {
      const context = underWay.getStore();
      if (context === undefined) return undefined;
      const carrier: { traceparent?: string } = {};
      propagator.inject(context, carrier, defaultTextMapSetter);
      return carrier.traceparent;
    },
    dropped,
    async stop() {
      // What cannot be sent has been counted and logged by then.
      await Promise.race([provider.shutdown().catch(() => undefined), pause(stopWithinMs, undefined, { ref: false })]);
    },
  };
}

function samplerOf({ sampler, ratio }: TracingSetting): Sampler {
  const root = sampler.endsWith('always_on')
    ? new AlwaysOnSampler()
    : sampler.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function parentOf({ parent }: SpanStart, underWay: Context | undefined): Context {
  if (parent === undefined) return underWay ?? ROOT_CONTEXT;
  return parent === null
    ? ROOT_CONTEXT
    : propagator.extract(ROOT_CONTEXT, { traceparent: parent }, defaultTextMapGetter);
}

function handleOf(span: OpenSpan): Span {
  return {
    set: (attributes) => void span.setAttributes({ ...attributes }),
    fail(code) {
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
  };
}

/** The fixed code that our errors and the database's carry; of others the name, because a message may quote values. */
function codeOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  if (typeof code === 'string' && /^[A-Za-z0-9_]{1,60}$/.test(code)) return code;
  return error instanceof Error ? error.name : 'unknown';
}
