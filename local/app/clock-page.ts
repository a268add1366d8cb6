import { type Clock, mostSeconds } from '../clock/movable-clock.ts';
import type { Waiting } from '../clock/stack-clock.ts';
import { escapeHtml, htmlPage } from '../html-page.ts';

const DAY = 86_400;

/** How far to move, and what has come to its time then. The periods are those of the rules (db/functions/) and of the sample organisations. */
const STEPS: readonly { seconds: number; name: string; effect: string }[] = [
  {
    seconds: 60,
    name: '1 minute',
    effect: 'The first pauses of a delivery that failed are over. A code that was not redeemed has expired.',
  },
  {
    seconds: 3_600,
    name: '1 hour',
    effect: 'Later pauses of a delivery are over; after several attempts they are hours.',
  },
  { seconds: DAY, name: '1 day', effect: 'Coordinators have to sign in again. What was given up is tried once more.' },
  { seconds: 31 * DAY, name: '31 days', effect: 'No decision of before can be undone. Members have to log in again.' },
  { seconds: 91 * DAY, name: '91 days', effect: 'Name, birth date, phone and e-mail that a login brought are erased.' },
  {
    seconds: 366 * DAY,
    name: '366 days',
    effect: 'The numbers that a login brought are erased. Those in member records stay.',
  },
];

/**
 * @param clock undefined: the stack was started without `--clock`
 * @param waiting deliveries that failed, each with the time until the next attempt
 * @param moved seconds that the clock was just moved by
 */
export function clockPage(clock: Clock | undefined, waiting: readonly Waiting[], moved?: number): string {
  if (clock === undefined) return fixedClockPage();
  const body = `${moved === undefined ? '' : `<p role="status">The clock was moved forward by ${inWords(moved)}.</p>`}
<p>In the database it is <time datetime="${clock.now.toISOString()}">${shownTime(clock.now)}</time>, ${
    clock.ahead === 0 ? 'as on this machine' : `${inWords(clock.ahead)} ahead of this machine`
  }.</p>
${waitingSection(waiting)}
<h2>Move it forward</h2>
<form method="post" action="/clock"><ul class="persons">${STEPS.map(stepRow).join('\n')}</ul></form>
<h2>What moves</h2>
<p>PostgreSQL tells a later time, in this database alone. It decides when a delivery is tried again, what can be undone, when
sessions end, and what is erased. The worker does at once what it else does by its own clock, every minute or at night. Nothing that is stored
is changed, so the seals of the audit stay as they are. There is no way back but a new start.</p>
<p>The machine's clock and those of the programs stay. So an access token lives as long as before, and a provider says when somebody
logged in by the real time.</p>${BACK}`;
  return htmlPage({ title: "The stack's clock", body });
}

function fixedClockPage(): string {
  const body = `<p>The clock of this stack cannot be moved. End the stack, and start it with
<code>npm start -- --clock</code>.</p>${BACK}`;
  return htmlPage({ title: "The stack's clock", body, narrow: true });
}

/** What was asked for cannot be done. */
export function refusedMovePage(): string {
  const body = `<p>The clock moves forward by a whole number of seconds, from 1 to ${mostSeconds}.</p>
<p><a href="/clock">The stack's clock</a></p>`;
  return htmlPage({ title: 'The clock was not moved', body, narrow: true });
}

function waitingSection(waiting: readonly Waiting[]): string {
  if (waiting.length === 0) return '';
  const rows = waiting.map(
    ({ organization, seconds }) => `<li><strong>${escapeHtml(organization)}</strong>
<span class="story">A delivery failed. It is tried again in ${inWords(seconds)}.</span>
<button class="quiet" name="seconds" value="${seconds}">Move there<span class="unseen">, ${inWords(seconds)}</span></button></li>`,
  );
  return `<h2>What waits to be tried again</h2>
<form method="post" action="/clock"><ul class="persons">${rows.join('\n')}</ul></form>`;
}

function stepRow({ seconds, name, effect }: (typeof STEPS)[number]): string {
  return `<li><button class="quiet" name="seconds" value="${seconds}">${name}</button> <span class="story">${effect}</span></li>`;
}

/** 2678465 seconds are "31 days 1 minute 5 seconds". */
function inWords(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / DAY), 'day'],
    [Math.floor((seconds % DAY) / 3_600), 'hour'],
    [Math.floor((seconds % 3_600) / 60), 'minute'],
    [seconds % 60, 'second'],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' ');
}

const shownTime = (time: Date) => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const BACK = '<p><a href="/">All sample persons</a></p>';
