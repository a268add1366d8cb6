import npmChromium from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  // Our pages hold little script, and axe-core is done before optimising it would pay.
  '--js-flags=--single-threaded --no-opt --no-maglev',
];

/** A real browser, from npm: no machine is without it. `CHROMIUM_PATH` names another one. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH || (await npmChromium.executablePath());
  return chromium.launch({ executablePath, args: FLAGS });
}
