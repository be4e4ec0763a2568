// Prints "N passed, N failed" from the JSON report of vitest: node scripts/summary.mjs <report> <exit code of the run>.
// A file that could not be loaded, and a run that failed without a failed test (a build, a type error), count as one
// failure each, so that the line never looks better than the exit code.

import { readFileSync } from 'node:fs';

const [path = '', exitCode = '0'] = process.argv.slice(2);

function read() {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // Nothing was tested.
  }
}

const { numPassedTests = 0, numFailedTests = 0, testResults = [] } = read() ?? {};
const broken = testResults.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
);
const failed = numFailedTests + broken.length;
process.stdout.write(`${numPassedTests} passed, ${failed === 0 && exitCode !== '0' ? 1 : failed} failed\n`);
