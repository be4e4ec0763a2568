// The last line of a CI run never looks better than its exit code.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../support/examples.ts';

describe('the summary of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'summary-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const summary = (report: object | undefined, exitCode: number): string => {
    const file = join(folder, 'report.json');
    if (report !== undefined) writeFileSync(file, JSON.stringify(report));
    const script = join(root, 'scripts/summary.mjs');
    return execFileSync(process.execPath, [script, file, String(exitCode)], { encoding: 'utf8' });
  };
  const file = (status: string, ...tests: string[]) => ({
    status,
    assertionResults: tests.map((each) => ({ status: each })),
  });

  it('counts the tests', () => {
    const testResults = [file('passed', 'passed', 'passed'), file('failed', 'failed')];
    expect(summary({ numPassedTests: 2, numFailedTests: 1, testResults }, 1)).toBe('2 passed, 1 failed\n');
  });

  it('counts a file that could not be loaded', () => {
    const testResults = [file('passed', 'passed'), file('failed')];
    expect(summary({ numPassedTests: 1, numFailedTests: 0, testResults }, 1)).toBe('1 passed, 1 failed\n');
  });

  it('counts a failure where the build or the checks failed before any test', () => {
    expect(summary(undefined, 2)).toBe('0 passed, 1 failed\n');
  });

  it('counts a failure where all tests passed and the run did not', () => {
    const testResults = [file('passed', 'passed')];
    expect(summary({ numPassedTests: 1, numFailedTests: 0, testResults }, 1)).toBe('1 passed, 1 failed\n');
  });

  it('counts none where all is well', () => {
    const testResults = [file('passed', 'passed')];
    expect(summary({ numPassedTests: 1, numFailedTests: 0, testResults }, 0)).toBe('1 passed, 0 failed\n');
  });
});
