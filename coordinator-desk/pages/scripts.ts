import type { DeskContext } from '../http/desk-context.ts';

/** The two pages that have a script of ours: it may come from here only, and talk to here only. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

export function allowOwnScripts(c: DeskContext): void {
  c.header('content-security-policy', policy);
}
