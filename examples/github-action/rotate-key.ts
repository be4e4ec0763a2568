// Rotates the BlazeMeter key in a secret of GitHub Actions: one run, without a record. Everything comes from the environment,
// because other processes of the machine can read arguments.
import { appendFile } from 'node:fs/promises';
import { BlazeMeterClient, isBlazeMeterError, parseCredentials } from 'blazemeter-client';
import { githubActions } from 'blazemeter-client/node';
import { rotateWithoutRecord } from 'blazemeter-client/rotation';
import { githubActionsSecret } from './github-actions-secret.ts';
import { plain, plainOutput } from './plain.ts';

/** What a person can fix. */
class SettingError extends Error {
  override name = 'SettingError';
}

const REASONS = ['expiry', 'schedule', 'leak'] as const;

const read = (name: string): string | undefined => process.env[name]?.trim() || undefined;

function needed(name: string): string {
  const value = read(name);
  if (value === undefined)
    throw new SettingError(
      `${name} is not set: see the workflow. A secret that does not exist, or that this event may not see, is empty.`,
    );
  return value;
}

async function run(): Promise<void> {
  // What a pull request brings along must not run beside a token that writes secrets.
  if (read('GITHUB_EVENT_NAME')?.startsWith('pull_request'))
    throw new SettingError(
      'This does not run for pull requests. Start it by schedule and workflow_dispatch.',
    );
  const reason = REASONS.find((one) => one === (read('REASON') ?? 'expiry'));
  if (reason === undefined) throw new SettingError(`REASON is one of ${REASONS.join(', ')}.`);
  const credentials = parseCredentials(needed('BZ_TOKEN'), 'BZ_TOKEN');
  const apiUrl = read('GITHUB_API_URL');
  const sink = githubActionsSecret({
    token: needed('SECRETS_TOKEN'),
    scope: `repos/${needed('GITHUB_REPOSITORY')}/actions`,
    name: needed('KEY_SECRET'),
    ...(apiUrl === undefined ? {} : { apiUrl }),
  });
  const mask = githubActions();
  // GitHub masks the secret as it is stored; its halves, and how it looks in a header, it does not know.
  mask.credentials(credentials);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () =>
      stop.abort(new SettingError('Cancelled: the next run completes the rotation.')),
    );
  const baseUrl = read('BLAZEMETER_URL');
  const client = new BlazeMeterClient({
    credentials,
    onNewSecret: mask,
    logLevel: 'off',
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });

  const { keyId, phase, expiresAt, resumeAfter, dryRun, steps, notes, sinks, retire } =
    await rotateWithoutRecord(client, {
      name: needed('KEY_NAME'),
      credentials,
      sinks: [sink],
      reason,
      replaces: read('KEY_REPLACES'),
      dryRun: read('DRY_RUN') === 'true',
      signal: stop.signal,
    });
  const lines = [
    ...steps.map((step) => `${dryRun ? 'Would' : 'Did'}: ${step}`),
    ...notes,
    ...sinks.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    ...retire.flatMap(({ id, problem }) =>
      problem === undefined ? [] : [`The key ${id} is still there: ${problem}`],
    ),
    `Key ${keyId}, phase ${phase}, expires ${expiresAt?.toISOString() ?? 'never'}.`,
    ...(resumeAfter === null ? [] : [`The next run after ${resumeAfter.toISOString()} goes on.`]),
  ];
  for (const line of lines) console.log(plain(line));
  const output = read('GITHUB_OUTPUT');
  if (output !== undefined) await appendFile(output, `key-id=${plainOutput(keyId)}\nphase=${phase}\n`);
  if (!dryRun && phase === 'delivering')
    throw new SettingError(
      'The secret was not updated. The old key still works. Fix the cause, and run again.',
    );
}

run().catch((error: unknown) => {
  // Other errors may quote what they were given.
  const shown = isBlazeMeterError(error) || error instanceof SettingError || error instanceof TypeError;
  console.error(
    shown ? plain(error.message) : 'It failed for a reason that is not shown, because it may quote a secret.',
  );
  process.exitCode = 1;
});
