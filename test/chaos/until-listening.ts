import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { lastLines } from '../../local/program.ts';
import { until } from '../support/until.ts';

/** Answers when a program that was started listens on its port of the loopback address. Throws an Error with the end of its log when it ends instead. */
export async function untilListening(program: ChildProcess, port: number, logFile: string): Promise<void> {
  await until(`${program.spawnfile} listens`, () => {
    const ended = program.signalCode ?? program.exitCode;
    if (ended !== null) throw new Error(`${program.spawnfile} ended with ${ended}:\n${lastLines(logFile)}`);
    return accepts(port);
  });
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
