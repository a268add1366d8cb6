// A row of the worklist: fetches the sealed number, opens it here with the key file, and shows it for a minute.
import { isSupported, openKeyFile, openSealed } from './key-file.js';

const shownFor = 60_000;
/** How long the key stays: whoever comes to the machine later has to have the file and the passphrase. */
const heldFor = 300_000;
const form = document.getElementById('show-number');
const words = JSON.parse(form.dataset.words);
const status = document.getElementById('number-status');
const output = document.getElementById('number');
const again = document.getElementById('show-again');
const [file, passphrase] = ['key-file', 'passphrase'].map((id) => document.getElementById(id));

/** What was fetched, and the key: kept for some minutes, so that showing it again asks for nothing. */
let held;
let timer;
let forgetting;

async function fetchSealed() {
  const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  if (!answer.headers.get('content-type')?.startsWith('application/jose')) throw new Error('notFetched');
  return answer.text();
}

/** Where the reader was on what goes, they are on what brings it back. */
function hide(told, next) {
  const wasHere = document.activeElement === output;
  output.textContent = '';
  status.textContent = told;
  next.hidden = false;
  if (wasHere) next.focus();
}

async function show() {
  const number = await openSealed(held.sealed, held.key);
  status.textContent = words.shown;
  output.textContent = number;
  again.hidden = true;
  output.focus();
  clearTimeout(timer);
  timer = setTimeout(() => hide(words.hidden, again), shownFor);
}

/** Where the reader was on what goes, they are on what the form begins with. */
function forget(told) {
  if (held === undefined) return;
  const wasHere = document.activeElement === output || document.activeElement === again;
  clearTimeout(timer);
  clearTimeout(forgetting);
  held = undefined;
  again.hidden = true;
  hide(told, form);
  if (wasHere) file.focus();
}

async function open(event) {
  event.preventDefault();
  const [chosen] = file.files;
  if (chosen === undefined) {
    status.textContent = words.noFile;
    return file.focus();
  }
  status.textContent = words.working;
  try {
    const key = await openKeyFile(await chosen.text(), passphrase.value);
    passphrase.value = '';
    held = { key, sealed: await fetchSealed() };
    await show();
    form.hidden = true;
    clearTimeout(forgetting);
    forgetting = setTimeout(() => forget(words.forgotten), heldFor);
  } catch (error) {
    status.textContent = words[error.message] ?? words.notFetched;
    (error.message === 'badPassphrase' ? passphrase : file).focus();
  }
}

if (isSupported) {
  form.hidden = false;
  document.getElementById('without-script').hidden = true;
  form.addEventListener('submit', open);
  again.addEventListener('click', show);
  // A browser may put a page aside as it stands, and show it again to whoever goes back.
  addEventListener('pagehide', () => forget(''));
} else status.textContent = words.unsupported;
