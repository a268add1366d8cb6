import type { Context } from 'hono';
import type { AppEnv } from '../../runtime/http/request-context.ts';
import type { Locale } from '../../runtime/language.ts';
import type { Api } from '../api/connect.ts';
import type { Me } from '../api/me.ts';
import type { Drafts } from '../session/drafts.ts';
import type { Assets } from './assets.ts';

/** What every handler finds; what stands under `signed in` only behind `requireSession`. */
export type DeskEnv = {
  Bindings: AppEnv['Bindings'];
  Variables: AppEnv['Variables'] & {
    /** What the browser asks for, or what was chosen in it; a coordinator's own choice comes before it, see `Me`. */
    browserLocale: Locale;
    assets: Assets;
    drafts: Drafts;
    /** Signed in: schema `api` with the coordinator's own token. */
    api: Api;
    /** Signed in: who it is, and how much there is to do. Begun before the handler, so that it takes no time of its own. */
    me: Promise<Me>;
  };
};
export type DeskContext = Context<DeskEnv>;
