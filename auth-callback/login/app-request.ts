import { z } from 'zod';

/** What an app asked for when it sent the browser here: it travels from the start of a login to its session. */
export type AppRequest = z.infer<typeof appRequest>;
export const appRequest = z.object({
  /** Registered for the organisation. */
  returnTo: z.string(),
  /** The app's own; by the standard it may have none. */
  state: z.string().optional(),
  /** PKCE, S256. */
  codeChallenge: z.string(),
  /** The registered app, where it came by `/authorize`; undefined: by the older address, which names none. */
  clientId: z.string().optional(),
  /** Scopes that are granted. */
  scope: z.array(z.string()),
  /** For the ID token. */
  nonce: z.string().optional(),
});
