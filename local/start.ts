import { relative, resolve } from 'node:path';
import { consoleOutput, runCommand } from '../runtime/command-line.ts';
import { runUntilStopped } from './stack/run-until-stopped.ts';
import { type RunningStack, startStack } from './stack.ts';

// `npm start`: the whole system on this machine, until Ctrl-C. LOCAL_FOLDER: another folder than `.local`. `npm start -- --clock`: the time in the
// database can be moved forward.

const command = {
  name: 'start',
  synopsis: '[--clock]',
  about: '  --clock   the time in the database can be moved forward, on the page /clock of the sample app',
  options: { clock: { type: 'boolean', default: false } },
} as const;

const DEFAULT_FOLDER = resolve(import.meta.dirname, '..', '.local');

function welcome({ file }: RunningStack, folder: string, milliseconds: number): string {
  const { appUrl, deskUrl, callbackUrl, postgrestUrl, issuers, organizations, coordinators } = file();
  const [first] = coordinators;
  const colleagues = coordinators.filter(({ organization }) => organization === first?.organization);
  const shown = relative(process.cwd(), folder);
  return `
Ready after ${(milliseconds / 1000).toFixed(1)} s. Click here:   ${appUrl}

The coordinators' desk:        ${deskUrl}
Sign in there as ${colleagues.map(({ name, organization }) => `${name} (${organization})`).join(' or ')}: settles cases that logins have opened.

  callback         ${callbackUrl}
  PostgREST        ${postgrestUrl}
  providers        ${Object.values(issuers).join(' ')}
  member systems   ${organizations.map(({ memberSystemUrl }) => memberSystemUrl).join(' ')}
  everything else  ${shown}/stack.json
  logs             ${shown}/logs/

Ctrl-C stops it. The next start begins anew, with fresh sample data.
`;
}

process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, ({ values: { clock } }) => {
  const folder = resolve(process.env.LOCAL_FOLDER || DEFAULT_FOLDER);
  const began = performance.now();
  return runUntilStopped(async (parts) => {
    const stack = await startStack({ folder, clock, report: (line) => console.error(line) }, parts);
    console.log(welcome(stack, folder, performance.now() - began));
    return stack.lost;
  });
});
