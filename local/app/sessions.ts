import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Sessions beyond this many are forgotten. */
const MOST = 1_000;

/** Who is logged in to the sample app: the browser holds a random name, the app the access token. */
type MemberSessions = {
  /** @returns the Set-Cookie header */
  begin(accessToken: string): string;
  /** The access token of the browser that asks. */
  accessToken(request: IncomingMessage): string | undefined;
};

export function createMemberSessions(): MemberSessions {
  /** Access tokens by name, the oldest first. */
  const tokens = new Map<string, string>();
  return {
    begin(accessToken) {
      const name = randomBytes(16).toString('base64url');
      const [oldest] = tokens.keys();
      if (tokens.size >= MOST && oldest !== undefined) tokens.delete(oldest);
      tokens.set(name, accessToken);
      return `sample-session=${name}; Path=/; SameSite=Lax; HttpOnly`;
    },
    accessToken(request) {
      const name = /(?:^|; )sample-session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
      return name === undefined ? undefined : tokens.get(name);
    },
  };
}
