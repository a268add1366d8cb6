import type { Hono } from 'hono';
import { html } from 'hono/html';
import { z } from 'zod';
import { call } from '../../api/connect.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { readForm } from '../../http/form.ts';
import { byHandWords } from '../../words/by-hand.ts';
import { refusalWords } from '../../words/refusals.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { allowOwnScripts } from '../scripts.ts';

/** Public parts only: whatever else a key has is left out here already. */
const publicJwk = z.object({ kty: z.string(), crv: z.string(), x: z.string(), y: z.string().optional() });

/** `/worklist/key`: the organisation's pair of keys, made in the browser; its public half is proposed here. */
export function addWorklistKey(app: Hono<DeskEnv>): void {
  app.get('/worklist/key', (c) => showKeyPage(c));

  app.post('/worklist/key', async (c) => {
    const form = await readForm(c);
    const key = publicJwk.safeParse(parsed(form.text('public_jwk') ?? ''));
    if (!key.success) return showKeyPage(c, (words) => words.key.unreadable);
    const { kty, crv, x, y } = key.data;
    const organization = form.text('organization') ?? '';
    const outcome = await call(
      c.var.api.rpc('propose_receiver_key', {
        organization,
        public_jwk: { kty, crv, x, ...(y === undefined ? {} : { y }) },
      }),
    );
    if ('refused' in outcome) {
      const { refused } = outcome;
      return showKeyPage(c, (_, locale) => refusalWords[locale][refused]);
    }
    const { conflict_id, state } = outcome.done;
    return c.redirect(`/cases/${conflict_id}?just=${state === 'proposed' ? 'proposed' : 'settled'}`, 303);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Why = (words: (typeof byHandWords)['nb'], locale: Page['locale']) => string;

async function showKeyPage(c: DeskContext, why?: Why): Promise<Response> {
  allowOwnScripts(c);
  const page = await openPage(c, '/worklist/key');
  const words = byHandWords[page.locale];
  const { key } = words;
  const box = why === undefined ? '' : resultBox('danger', key.refused, html`<p>${why(words, page.locale)}</p>`);
  const content = html`${box}
<h1 class="ds-heading" data-size="lg">${key.title}</h1>
<p>${key.explain}</p>
<noscript><p><strong>${key.noScript}</strong></p></noscript>
<p id="key-status" role="status"></p>
${makeForm(page)}
${proposeForm(page)}
<h2 class="ds-heading" data-size="sm">${key.lost}</h2>
<p>${key.lostText}</p>
<p><a class="ds-link" href="/worklist">${words.list.toList}</a></p>
<script type="module" src="${c.var.assets.url('make-key.js')}"></script>`;
  return page.show({
    title: why === undefined ? key.title : key.refused,
    content,
    status: why === undefined ? 200 : 422,
  });
}

/** Never sent: its fields have no names, and the script shows it. */
function makeForm({ locale }: Page): Html {
  const { key, script } = byHandWords[locale];
  const field = (id: string, label: string, hint: string) => html`<div class="desk-field">
<label class="ds-label" for="${id}">${label}</label>
${hint === '' ? '' : html`<p id="${id}-hint">${hint}</p>`}
<input class="ds-input" type="password" id="${id}" autocomplete="new-password" required${hint === '' ? '' : html` aria-describedby="${id}-hint"`}>
</div>`;
  return html`<form class="desk-form" id="make-key" hidden data-words="${JSON.stringify(script)}">
<h2 class="ds-heading" data-size="sm">${key.make}</h2>
<p>${key.keep}</p>
${field('passphrase', key.passphrase, key.passphraseHint)}
${field('repeat', key.repeat, '')}
<button class="ds-button" type="submit">${key.button}</button>
</form>`;
}

function proposeForm(page: Page): Html {
  const { key } = byHandWords[page.locale];
  const { organizations } = page.me;
  const [only] = organizations;
  return html`<form class="desk-form" id="propose-key" method="post" action="/worklist/key" hidden>
${formOwner(page)}
<h2 class="ds-heading" data-size="sm" id="propose-heading" tabindex="-1">${key.propose}</h2>
<p>${key.proposeHint}</p>
<p>${key.fingerprint}: <code id="fingerprint"></code></p>
<input type="hidden" name="public_jwk" value="">
${
  organizations.length === 1
    ? html`<input type="hidden" name="organization" value="${only?.slug ?? ''}">`
    : html`<div class="desk-field"><label class="ds-label" for="organization">${key.organization}</label>
<select class="ds-input" id="organization" name="organization">${organizations.map(({ slug, name }) => html`<option value="${slug}">${name}</option>`)}</select></div>`
}
<button class="ds-button" type="submit">${key.propose}</button>
</form>`;
}
