/**
 * What a span may say: words and codes of ours, and counts. Nothing of a person, no text from outside, and no id of a row: whoever has the
 * traces learns nothing about anybody without the database, which forgets which trace a login had (`contact_retention`).
 */
export interface SpanAttributes {
  'http.request.method'?: string;
  /** The pattern of the route, never the path or the query of a request. */
  'http.route'?: string;
  'http.response.status_code'?: number;
  /** The host of whoever is asked, without path and query. */
  'server.address'?: string;
  'db.system.name'?: 'postgresql';
  /** The function that is called. */
  'db.stored_procedure.name'?: string;
  /** The organisation's slug, from its row. */
  'personnummer_sync.organization'?: string;
  'personnummer_sync.provider'?: string;
  /** What the database decided about a login. */
  'personnummer_sync.outcome'?: string;
  /** How an attempt at a push ended, and the number of the attempt. */
  'personnummer_sync.result'?: string;
  'personnummer_sync.attempt'?: number;
}

/** A step that is being timed. */
export interface Span {
  set(attributes: SpanAttributes): void;
  /** @param code a fixed code, e.g. one of docs/error-codes.md, or a status; never a message */
  fail(code: string): void;
}

/** How a step begins. */
export interface SpanStart {
  /** A fixed text. */
  readonly name: string;
  readonly kind?: 'server' | 'client' | 'consumer';
  readonly attributes?: SpanAttributes;
  /** The `traceparent` of the step that this one follows from; null: it begins a trace of its own. Absent: it is part of the step under way. */
  readonly parent?: string | null;
  /** By `performance.now()`, for a step that has begun before; absent: now. */
  readonly startedAt?: number;
}

/** Where the time of a login goes, through all programs. */
export interface Tracing {
  /** Times an action. What it throws is thrown on; the span has its code. */
  span<Result>(start: SpanStart, action: (span: Span) => Promise<Result>): Promise<Result>;
  /** Names the step under way to another program (W3C Trace Context); undefined where nothing is traced. */
  traceparent(): string | undefined;
  /** Spans that nobody was told of, since the start. */
  dropped(): number;
  /** Sends what is left, for some seconds at most. */
  stop(): Promise<void>;
}

const noSpan: Span = { set: () => undefined, fail: () => undefined };

/** For programs without an exporter. */
export const noTracing: Tracing = {
  span: (_, action) => action(noSpan),
  traceparent: () => undefined,
  dropped: () => 0,
  stop: async () => undefined,
};

/** @returns the trace's id, for the log; undefined where nothing is traced */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent?.split('-')[1];
}
