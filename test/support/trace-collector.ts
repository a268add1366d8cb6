import { type Listening, serve } from '../runtime/servers.ts';

/** A span as a collector gets it, with what a test looks at. */
export type ReceivedSpan = {
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  attributes: Record<string, string | number>;
  failed: boolean;
};

export type Collector = Listening & {
  /** What was received, request by request. */
  bodies: string[];
  /** Headers of the requests. */
  headers: Record<string, unknown>[];
  spans(): ReceivedSpan[];
};

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number };
type Attribute = { key: string; value: Value };
type Payload = {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        attributes: Attribute[];
        status: { code: number };
      }[];
    }[];
  }[];
};

/**
 * Takes OTLP over HTTP, as JSON.
 *
 * @param options.answers false: it takes everything and never answers
 */
export async function startCollector({
  answers = true,
  status = () => 200,
}: {
  answers?: boolean;
  status?: () => number;
} = {}): Promise<Collector> {
  const bodies: string[] = [];
  const headers: Record<string, unknown>[] = [];
  const listening = await serve((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      bodies.push(body);
      headers.push(request.headers);
      if (answers) response.writeHead(status(), { 'content-type': 'application/json' }).end('{}');
    });
  });
  return { ...listening, bodies, headers, spans: () => bodies.flatMap((body) => spansOf(JSON.parse(body))) };
}

function spansOf({ resourceSpans }: Payload): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, attributes, status }) => ({
        service: String(read(resource.attributes)['service.name']),
        name,
        traceId,
        spanId,
        parentSpanId,
        attributes: read(attributes),
        failed: status.code === 2,
      })),
    ),
  );
}

function read(attributes: Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue ?? value.doubleValue)]),
  );
}
