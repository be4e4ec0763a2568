#!/usr/bin/env node
// blazemeter-keys: API keys from the command line. This file joins the command to its process; run.ts is the command.

import { fstatSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { run } from './run.ts';

// A reader that goes away must not end the process before a secret has found another place: the write reports it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

/** Whether standard output is a null device, which Node also puts in the place of one that was closed. */
function discards(): boolean {
  try {
    const { rdev } = fstatSync(1);
    return rdev !== 0 && rdev === statSync(devNull).rdev;
  } catch {
    return false;
  }
}

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  discards: discards(),
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onSignal(listener) {
    process.on('SIGINT', listener).on('SIGTERM', listener);
    return () => process.off('SIGINT', listener).off('SIGTERM', listener);
  },
  exit: (code) => process.exit(code),
});
