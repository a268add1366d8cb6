import { TraceFlags } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';

/** Hears when spans begin to be dropped, and when they arrive again. */
interface Hears {
  dropping(code: string): void;
  arriving(): void;
}

/**
 * Sends spans in batches, in the background, and counts what it had to drop: a collector that hangs costs the memory of `most` spans, and no
 * request any time.
 *
 * @param most spans that may wait for the collector
 * @param delayMs how long they wait to be sent together
 */
export function createBoundedExport(exporter: SpanExporter, most: number, delayMs: number, hears: Hears) {
  let waiting = 0;
  let dropped = 0;
  let isDropping = false;

  function drop(count: number, code: string): void {
    dropped += count;
    if (!isDropping) hears.dropping(code);
    isDropping = true;
  }

  function settle(count: number, { code, error }: ExportResult): void {
    waiting -= count;
    if (code === ExportResultCode.SUCCESS) {
      if (isDropping) hears.arriving();
      isDropping = false;
    } else {
      drop(count, error?.name ?? 'unknown');
    }
  }

  const counting: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        settle(spans.length, result);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({ exporter: counting, maxQueueSize: most, scheduledDelayMillis: delayMs });
  const processor: SpanProcessor = {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span: ReadableSpan) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (waiting >= most) return drop(1, 'queue_full');
      waiting += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
  return { processor, dropped: () => dropped };
}
