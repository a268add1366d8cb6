// A row of the worklist: fetches the sealed number, opens it here with the key file, and shows it for a minute.
import { isSupported, openKeyFile, openSealed } from './key-file.js';

const shownFor = 60_000;
const form = document.getElementById('show-number');
const words = JSON.parse(form.dataset.words);
const status = document.getElementById('number-status');
const output = document.getElementById('number');
const again = document.getElementById('show-again');
const [file, passphrase] = ['key-file', 'passphrase'].map((id) => document.getElementById(id));

/** What was fetched, and the key: kept while the page is open, so that showing it again asks for nothing. */
let held;

async function fetchSealed() {
  const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  if (!answer.headers.get('content-type')?.startsWith('application/jose')) throw new Error('notFetched');
  return answer.text();
}

async function show() {
  const number = await openSealed(held.sealed, held.key);
  status.textContent = words.shown;
  output.textContent = number;
  again.hidden = true;
  output.focus();
  setTimeout(() => {
    // Where the reader was on the number, they are on the button that brings it back.
    const wasHere = document.activeElement === output;
    output.textContent = '';
    status.textContent = words.hidden;
    again.hidden = false;
    if (wasHere) again.focus();
  }, shownFor);
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
} else status.textContent = words.unsupported;
