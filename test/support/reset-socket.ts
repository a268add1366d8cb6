import type { Socket } from 'node:net';

/**
 * Ends a connection as a crash does: with a reset, not a farewell. A socket that is saying farewell already is closed
 * without one: libuv refuses to reset it then, Node.js takes it for closed all the same, and the process never ends.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
