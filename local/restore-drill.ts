import { consoleOutput, runCommand, UsageError } from '../runtime/command-line.ts';
import { runDrill } from './restore-drill/drill.ts';
import { describeDrill } from './restore-drill/report.ts';

/** `npm run restore:drill`: on this machine, with servers of its own, which are gone afterwards. */
const command = {
  name: 'restore:drill',
  synopsis: '[--members NUMBER] [--tool pgbackrest|files]',
  about: `Makes an installation on this machine, takes a backup, goes on, loses the server, and restores it to a moment in between: how long it takes,
what came back, and what was sent again. Ends with 1 where something is not as it should be.
  --members NUMBER   that many more member records (20000)
  --tool NAME        pgbackrest (the default where it is installed), or files: PostgreSQL's own functions and copied files`,
  options: { members: { type: 'string', default: '20000' }, tool: { type: 'string' } },
} as const;

process.exitCode = await runCommand(command, process.argv.slice(2), consoleOutput, async ({ values }) => {
  const { members, tool } = values;
  if (!/^[0-9]{1,7}$/.test(members)) throw new UsageError('--members takes a number');
  if (tool !== undefined && tool !== 'files' && tool !== 'pgbackrest')
    throw new UsageError('--tool takes pgbackrest or files');
  try {
    const report = await runDrill({ members: Number(members), ...(tool && { tool }), say: consoleOutput.say });
    consoleOutput.say(`\n${describeDrill(report)}`);
    return report.faults.length === 0 ? 0 : 1;
  } catch (error) {
    consoleOutput.complain(`restore:drill: ${error instanceof Error ? error.message : 'unexpected error'}`);
    return 1;
  }
});
