import type { DeskContext } from './desk-context.ts';

/** The fields of a form that was sent; names and values as the browser wrote them. */
export interface Form {
  /** The first value of a field, without white space around it; undefined where it is absent or empty. */
  text(name: string): string | undefined;
  /** All values of a field, for check boxes. */
  all(name: string): string[];
  fields: URLSearchParams;
}

/** Reads the body, which is there already (`receiveBody`). */
export async function readForm(c: DeskContext): Promise<Form> {
  const type = c.req.header('content-type') ?? '';
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type);
  return formOf(new URLSearchParams(isForm ? await c.req.text() : ''));
}

function formOf(fields: URLSearchParams): Form {
  return {
    text: (name) => fields.get(name)?.replaceAll('\r\n', '\n').trim() || undefined,
    all: (name) => fields.getAll(name),
    fields,
  };
}

/** An address of our own that somebody sent along: nothing of it may lead elsewhere. */
export function localPath(sent: string | undefined): string {
  const base = 'https://desk.invalid';
  if (sent === undefined || sent.length > 1_000 || !sent.startsWith('/')) return '/';
  const url = URL.parse(sent, base);
  // `/.//evil.example` becomes `//evil.example`, which a browser takes for another site.
  return url !== null && url.origin === base && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}` : '/';
}
