import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Row } from '../../../db/api-types.gen.ts';
import { read } from '../../api/connect.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { deliveryWords } from '../../words/deliveries.ts';
import { explainFailure } from '../../words/failures.ts';
import { facts } from '../facts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';

/** `/systems`: whether changes reach the member system. */
export function addSystems(app: Hono<DeskEnv>): void {
  app.get('/systems', async (c) => {
    const [page, systems] = await Promise.all([
      openPage(c),
      read(c.var.api.from('member_systems').select('*').order('organization')),
    ]);
    const words = deliveryWords[page.locale];
    const content = html`<h1 class="ds-heading" data-size="lg">${words.system}</h1>
<p>${words.systemExplain}</p>
${systems.length === 0 ? html`<p>${words.noSystem}</p>` : systems.map((system) => one(page, system))}`;
    return page.show({ title: words.system, content });
  });
}

function one({ locale, format, me }: Page, system: Row<'member_systems'>): Html {
  const words = deliveryWords[locale];
  const { kind, breaker, error_code, opened_at, next_probe_at, waiting, oldest_waiting_since } = system;
  const name = me.organizations.find(({ slug }) => slug === system.organization)?.name ?? system.organization;
  const isDown = breaker !== 'closed';
  const at = (term: string, time: string | null): [string, string][] =>
    time === null ? [] : [[term, format.time(time)]];
  return html`<h2 class="ds-heading" data-size="sm">${name}</h2>
${facts([
  [words.kind, words.kinds[kind]],
  [words.flow, html`<strong>${words.breakers[breaker]}</strong>`],
  ...(isDown && error_code !== null
    ? [[words.reason, `${explainFailure(locale, error_code)} ${words.code(error_code)}`] satisfies [string, string]]
    : []),
  ...(isDown ? [...at(words.since, opened_at), ...at(words.probe, next_probe_at)] : []),
  [words.waitingHead, format.number(waiting)],
  ...at(words.oldest, oldest_waiting_since),
])}
<ul>
<li><a class="ds-link" href="/deliveries">${words.title}</a></li>
${kind === 'file' ? html`<li><a class="ds-link" href="/files">${words.links.files}</a></li>` : ''}
${kind === 'worklist' ? html`<li><a class="ds-link" href="/worklist">${words.links.worklist}</a></li>` : ''}
</ul>`;
}
