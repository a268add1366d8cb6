import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

// Waits for the end of its input. Without the word `released` before it, we died: end the process, then delete its folder.
const SCRIPT = `
read word
[ "$word" = released ] && exit 0
kill -INT "$1" 2>/dev/null
for i in $(seq 100); do kill -0 "$1" 2>/dev/null || break; sleep 0.1; done
[ -z "$2" ] || rm -rf "$2"
`;

/**
 * Makes sure that a process does not outlive this one, even when this one is killed: a shell holds the other end of a
 * pipe and acts when it closes. Does not keep this process alive.
 *
 * @param pid the process to end (SIGINT)
 * @param folder deleted after it has ended
 */
export function watchOver(pid: number, folder?: string): { release(): void } {
  const guard = spawn('sh', ['-c', SCRIPT, 'orphan-guard', String(pid), folder ?? ''], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  const pipe = guard.stdin as unknown as Socket;
  pipe.unref();
  return {
    release() {
      pipe.end('released\n');
    },
  };
}
