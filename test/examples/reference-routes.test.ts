// The example of endpoints that the reference lacks, in both languages, each run in a copy of its folder.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { copied, referenceScript } from './copy.ts';

const PROGRAMS = [
  { how: 'by client.request()', command: process.execPath, program: 'load-test.mjs' },
  { how: 'over HTTP from Python', command: 'python3', program: 'load_test.py' },
];

describe('a load test from the key to the report, over the clock, with a fault in the middle', () => {
  it.each(PROGRAMS)('runs $how', { timeout: 60_000 }, async ({ command, program }) => {
    const env = {
      PATH: process.env.PATH,
      BLAZEMETER_REFERENCE: `${process.execPath} ${referenceScript()}`,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const { stdout } = await promisify(execFile)(command, [program], {
      cwd: copied('reference-routes'),
      env,
    });
    expect(stdout).toBe('30000 hits in 600 s, 6 polls\n7 requests for the status, one of them failed\n');
  });
});
