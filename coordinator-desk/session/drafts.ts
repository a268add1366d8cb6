import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { Context } from 'hono';
import { z } from 'zod';
import { createBoundCookie, longestCookieValue } from '../../runtime/http/bound-cookie.ts';
import { createSealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';

/** What somebody had typed when the session had ended: kept in the browser, sealed, and shown again after signing in. */
interface Draft {
  /** Of the form, without what stands there anyway. */
  fields: URLSearchParams;
  /** There was more than a cookie holds: the longest field was cut. */
  cut: boolean;
}

export interface Drafts {
  /**
   * @param page the page that the form stands on
   * @param userId whose form it was; shown to nobody else
   */
  keep(c: Context, page: string, userId: string, fields: URLSearchParams): Promise<void>;
  find(c: Context, page: string, userId: string): Promise<Draft | undefined>;
  drop(c: Context, page: string): void;
}

const cookie = createBoundCookie('draft', 1);
/** Seconds: as long as a session. */
const lifetime = 12 * 60 * 60;
/** Bytes that may be sealed, so that the result is a cookie (a JWE adds a third, and its head). */
const longestContent = Math.floor(longestCookieValue * 0.7) - 200;

const content = z.object({ userId: z.string(), packed: z.string(), cut: z.boolean() });

export function createDrafts(secrets: SealingSecret[]): Drafts {
  const box = createSealedBox(secrets, 'desk-draft', content);
  return {
    async keep(c, page, userId, fields) {
      const fitting = await pack(fields);
      if (fitting === undefined) return;
      cookie.write(c, page, await box.seal({ userId, ...fitting }), lifetime);
    },
    async find(c, page, userId) {
      const sealed = cookie.read(c, page);
      const found = sealed === undefined ? undefined : await box.unseal(sealed).catch(() => undefined);
      if (found === undefined || found.userId !== userId) return undefined;
      return { fields: await unpack(found.packed), cut: found.cut };
    },
    drop: (c, page) => (cookie.read(c, page) === undefined ? undefined : cookie.clear(c, page)),
  };
}

/** Undefined: not even a cut text fits, because there are too many fields. */
async function pack(fields: URLSearchParams): Promise<{ packed: string; cut: boolean } | undefined> {
  const kept = new URLSearchParams(fields);
  for (let cut = false; ; cut = true) {
    const packed = (await promisify(deflateRaw)(kept.toString())).toString('base64url');
    if (packed.length <= longestContent) return { packed, cut };
    const [name, longest] = [...kept].sort(([, one], [, other]) => other.length - one.length)[0] ?? ['', ''];
    if (longest.length < 20) return undefined;
    kept.set(name, longest.slice(0, Math.floor(longest.length * 0.9)));
  }
}

async function unpack(packed: string): Promise<URLSearchParams> {
  const bytes = await promisify(inflateRaw)(Buffer.from(packed, 'base64url'), { maxOutputLength: 1024 * 1024 });
  return new URLSearchParams(bytes.toString());
}
