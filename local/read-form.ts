import type { IncomingMessage } from 'node:http';

const LONGEST_FORM = 10_000;

/** A form that somebody sent to one of the local servers (`application/x-www-form-urlencoded`). */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_FORM) break;
  }
  return new URLSearchParams(text);
}
