#!/usr/bin/env node
// blazemeter-keys: API keys from the command line. This file joins the command to its process; run.ts is the command.

import { isDiscarded } from '../standard-output.ts';
import { run } from './run.ts';

// A reader that goes away must not end the process before a secret has found another place: the write reports it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
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
