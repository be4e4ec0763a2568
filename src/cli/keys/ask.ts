// Asking before something that cannot be undone. Only a person at a terminal is asked; everywhere else --yes has to be said.

import { createInterface } from 'node:readline';
import type { Context } from './context.ts';
import { EXIT, Stop, usage } from './exit-codes.ts';

/**
 * Goes on if somebody has agreed; else ends the command. `what` begins a sentence: "Deleting the key …"; `besides` says
 * what that does to others.
 */
export async function agree(context: Context, what: string, besides = ''): Promise<void> {
  const { io, given, terminal } = context;
  if (given.flag('yes')) return;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true || terminal.json)
    throw usage(`${what} needs --yes, since there is nobody to ask.${besides} Nothing was done.`);
  terminal.clear();
  io.stderr.write(`${what}.${besides} Go on? [y/N] `);
  const answer = await firstLine(context);
  if (!/^\s*y(?:es)?\s*$/i.test(answer))
    throw new Stop(EXIT.usage, 'declined', 'Not confirmed. Nothing was done.');
}

function firstLine({ io, interrupt }: Context): Promise<string> {
  const { now } = interrupt;
  return new Promise((resolve, reject) => {
    // Not as a terminal of its own: Ctrl-C has to stay a signal.
    const lines = createInterface({ input: io.stdin, terminal: false });
    const end = (settle: () => void) => {
      now.removeEventListener('abort', abort);
      // First, since closing ends in a settled no.
      settle();
      lines.close();
    };
    const abort = () => end(() => reject(now.reason));
    now.addEventListener('abort', abort, { once: true });
    lines.once('line', (line) => end(() => resolve(line)));
    lines.once('close', () => resolve(''));
    if (now.aborted) abort();
  });
}
