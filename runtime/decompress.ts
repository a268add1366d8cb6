import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { OutboundError } from './outbound-error.ts';

const decoders = new Map([
  ['gzip', gunzipSync],
  ['x-gzip', gunzipSync],
  ['deflate', inflateSync],
  ['br', brotliDecompressSync],
]);

/**
 * The content of an answer whose server compressed it although nobody asked (RFC 9110 section 8.4). One layer; what comes
 * out is bounded, whatever it was made of.
 *
 * @throws {OutboundError} `response_too_large`, or `connection_failed` when it cannot be decoded
 */
export function decompress(content: Buffer, encoding: string | string[] | undefined, maxBytes: number): Buffer {
  const name = `${encoding ?? ''}`.trim().toLowerCase();
  if (name === '' || name === 'identity' || content.length === 0) return content;
  const decode = decoders.get(name);
  if (decode === undefined) throw new OutboundError('connection_failed', 'content_encoding');
  try {
    return decode(content, { maxOutputLength: maxBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw tooLarge
      ? new OutboundError('response_too_large')
      : new OutboundError('connection_failed', 'content_encoding');
  }
}
