#!/usr/bin/env node
// blazemeter-keys: API keys from the command line. This file joins the command to its process; run.ts is the command.

import { isClosed, isDiscarded } from '../standard-output.ts';
import type { Stream } from './output.ts';
import { run } from './run.ts';

// A reader that goes away must not end the process before a secret has found another place: the write reports it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/** Standard output that is closed. */
const closed: Stream = {
  write(_, done) {
    done?.(Object.assign(new Error('closed'), { code: 'EBADF' }));
    return false;
  },
};

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: isClosed() ? closed : process.stdout,
  discards: isDiscarded(),
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onSignal(listener) {
    process.on('SIGINT', listener).on('SIGTERM', listener);
    return () => process.off('SIGINT', listener).off('SIGTERM', listener);
  },
  exit: (code) => process.exit(code),
});
