#!/usr/bin/env node
// blazemeter-keys: API keys from the command line. This file joins the command to its process; run.ts is the command.

import { run } from './run.ts';

// Whoever reads the output may stop reading, which is told to whoever writes: it must not end the process before a secret
// has found another place.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// 13 is what Node itself says of a run that never comes to its end. (The build is CommonJS, which has no `await` out here.)
process.exitCode = 13;
void run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  onSignal(listener) {
    process.on('SIGINT', listener).on('SIGTERM', listener);
    return () => process.off('SIGINT', listener).off('SIGTERM', listener);
  },
  exit: (code) => process.exit(code),
}).then((code) => {
  process.exitCode = code;
});
