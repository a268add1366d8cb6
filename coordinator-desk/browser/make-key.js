// `/worklist/key`: makes the pair of keys. The private half leaves as a file, the public one is put into the form that proposes it.
import { isSupported, makeKey } from './key-file.js';

const form = document.getElementById('make-key');
const words = JSON.parse(form.dataset.words);
const status = document.getElementById('key-status');
const proposal = document.getElementById('propose-key');
const [passphrase, repeated] = ['passphrase', 'repeat'].map((id) => document.getElementById(id));

function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/jose' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function fault(text, field) {
  status.textContent = text;
  field.setAttribute('aria-invalid', 'true');
  field.focus();
}

async function make(event) {
  event.preventDefault();
  for (const field of [passphrase, repeated]) field.removeAttribute('aria-invalid');
  if (passphrase.value.length < 16) return fault(words.short, passphrase);
  if (passphrase.value !== repeated.value) return fault(words.differ, repeated);
  status.textContent = words.working;
  const { publicJwk, kid, file } = await makeKey(passphrase.value);
  form.reset();
  save(`key-${kid.slice(0, 8)}.jwe`, file);
  proposal.elements.public_jwk.value = JSON.stringify(publicJwk);
  document.getElementById('fingerprint').textContent = kid;
  form.hidden = true;
  proposal.hidden = false;
  status.textContent = words.saved;
  document.getElementById('propose-heading').focus();
}

if (isSupported) {
  form.hidden = false;
  form.addEventListener('submit', make);
} else status.textContent = words.unsupported;
