import type { Hono } from 'hono';
import { html } from 'hono/html';
import { call } from '../../api/connect.ts';
import { countByCode, findDelivery, mostAtOnce } from '../../api/deliveries.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { readForm } from '../../http/form.ts';
import { deliveryWords } from '../../words/deliveries.ts';
import { explainFailure } from '../../words/failures.ts';
import { deliveryStateWords } from '../../words/states.ts';
import { memberName } from '../cases/names.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { reason, retryAll, showDeliveries } from './delivery-list.ts';

/** Trying deliveries again: one, or all with the same fault; and how far that has come. The worker does it, so the page can be left. */
export function addRetry(app: Hono<DeskEnv>): void {
  app.post('/deliveries/retry', async (c) => {
    const form = await readForm(c);
    const code = form.text('code');
    const { api } = c.var;
    const outcome = await call(
      code === undefined
        ? api.rpc('retry_sync', { push_id: form.text('push') ?? '' })
        : api.rpc('retry_sync', { error_code: code }),
    );
    if ('refused' in outcome) return showDeliveries(c, outcome.refused);
    const query: Record<string, string> =
      'push_id' in outcome.done ? { push: outcome.done.push_id } : { code: code ?? '' };
    return c.redirect(`/deliveries/progress?${new URLSearchParams(query)}`, 303);
  });

  app.get('/deliveries/progress', async (c) => {
    const push = c.req.query('push');
    const code = c.req.query('code') ?? '';
    const [page, told] = await Promise.all([
      openPage(c),
      push === undefined ? countByCode(c.var.api, code) : findDelivery(c.var.api, push),
    ]);
    const words = deliveryWords[page.locale];
    const title = push === undefined ? words.progress : words.one;
    const content = html`<h1 class="ds-heading" data-size="lg" tabindex="-1" autofocus>${title}</h1>
${'state' in told ? ofOne(page, told) : ofMany(page, code, told)}
<p>${words.leave}</p>
<p class="desk-actions"><a class="ds-button" data-variant="secondary" href="${page.path}">${words.refresh}</a>
<a class="ds-link" href="/deliveries?state=failed">${words.toList}</a></p>`;
    return page.show({ title, content });
  });
}

function ofOne(page: Page, delivery: Awaited<ReturnType<typeof findDelivery>>): Html {
  const { locale } = page;
  const { member_given_name, member_family_name, member_external_id, state } = delivery;
  const name = memberName(locale, member_given_name, member_family_name, member_external_id);
  return html`<p>${name}: ${deliveryStateWords[locale][state]}${reason(page, delivery)}</p>`;
}

function ofMany(page: Page, code: string, { failed, waiting }: { failed: number; waiting: number }): Html {
  const words = deliveryWords[page.locale];
  const told = (count: number) => (count > mostAtOnce ? words.many : page.format.number(count));
  return html`<p>${explainFailure(page.locale, code)} ${words.code(code)}</p>
<ul><li>${waiting === 0 ? words.waiting('0') : words.waiting(told(waiting))}</li>
<li>${failed === 0 ? words.noneFailed : words.failedLeft(told(failed))}</li></ul>
${failed === 0 ? '' : retryAll(page, code, words.again)}`;
}
