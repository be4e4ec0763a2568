// The public API is on record, so that a change of it shows in review.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { repository } from './commands.ts';
import { packed } from './packed.ts';

it('docs/ holds the declarations of every entry point and the table of operations as they are', async () => {
  await packed();
  const report = promisify(execFile)(process.execPath, [join(repository, 'scripts', 'api-report.mjs')]);
  await expect(report).resolves.toMatchObject({ stderr: '' });
});
