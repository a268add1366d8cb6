import type { IncomingMessage, ServerResponse } from 'node:http';
import { respond } from '../../../local/member-system/respond.ts';
import { resetSocket } from '../../support/reset-socket.ts';
import type { Chance } from '../random.ts';
import type { Treatment } from './temper.ts';

/** Answers one request. @param statusPath where the sender may ask what became of it */
type Answer = (treatment: Treatment, statusPath: string, request: IncomingMessage, response: ServerResponse) => void;

/** @param onCut called right after an answer has left, to cut the worker's database connections before it can report */
export function createAnswer(chance: Chance, onCut: () => void): Answer {
  return (treatment, statusPath, request, response) => {
    switch (treatment) {
      case 'error_500':
        return respond(response, 500, { code: 'internal_error' });
      case 'too_many':
        return respond(response, 429, {}, { 'retry-after': chance.pick(['0', '1', '2', 'soon']) });
      case 'reset':
      case 'applied_reset':
        return void resetSocket(request.socket);
      case 'applied_drip':
        return drip(response, 1, 100);
      case 'applied_endless':
        return drip(response, 65_536, 1);
      case 'accepted':
        return respond(response, 202, {}, { location: statusPath, 'retry-after': '1' });
      case 'applied_then_cut':
        response.on('finish', onCut);
        return respond(response, 200, {});
      case 'ok':
        return respond(response, 200, {});
      case 'hang':
      case 'applied_hang':
        return undefined;
    }
  };
}

/** Sends an answer that has no end. */
function drip(response: ServerResponse, size: number, everyMs: number): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => {
    // Also when the sender was gone before the answer began.
    if (response.destroyed) clearInterval(timer);
    else response.write('x'.repeat(size));
  }, everyMs);
}
