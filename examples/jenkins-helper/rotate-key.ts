// Rotates the BlazeMeter key of a Jenkins credential: one run, without a record. Everything comes from the environment, because
// other users of the machine can read arguments. Jenkins masks what `withCredentials` passed; nothing here prints a secret.
import { BlazeMeterClient, isBlazeMeterError, parseCredentials } from 'blazemeter-client';
import { rotateWithoutRecord } from 'blazemeter-client/rotation';
import { jenkinsCredential } from './jenkins-credential.ts';
import { plain } from './plain.ts';

/** What a person can fix. */
class SettingError extends Error {
  override name = 'SettingError';
}

const REASONS = ['expiry', 'schedule', 'leak'] as const;

const read = (name: string): string | undefined => process.env[name]?.trim() || undefined;

function needed(name: string): string {
  const value = read(name);
  if (value === undefined) throw new SettingError(`${name} is not set: see the Jenkinsfile.`);
  return value;
}

async function run(): Promise<void> {
  // Jenkins sets it for the build of a pull request, perhaps from a fork.
  if (read('CHANGE_ID') !== undefined)
    throw new SettingError('This does not run for pull requests. Start it by a timer, or by hand.');
  const reason = REASONS.find((one) => one === (read('REASON') ?? 'expiry'));
  if (reason === undefined) throw new SettingError(`REASON is one of ${REASONS.join(', ')}.`);
  const credentials = parseCredentials(
    { id: needed('BLAZEMETER_API_KEY_ID'), secret: needed('BLAZEMETER_API_KEY_SECRET') },
    'The Jenkins credential',
  );
  const store = read('KEY_STORE');
  const sink = jenkinsCredential({
    url: needed('JENKINS_URL'),
    credentialId: needed('KEY_CREDENTIAL'),
    user: needed('JENKINS_ROBOT'),
    password: needed('JENKINS_ROBOT_TOKEN'),
    ...(store === undefined ? {} : { store }),
  });
  const baseUrl = read('BLAZEMETER_URL');
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => stop.abort(new SettingError('Aborted: the next run completes the rotation.')));

  const report = await rotateWithoutRecord(
    new BlazeMeterClient({ credentials, logLevel: 'off', ...(baseUrl === undefined ? {} : { baseUrl }) }),
    {
      name: needed('KEY_NAME'),
      credentials,
      sinks: [sink],
      reason,
      replaces: read('KEY_REPLACES'),
      dryRun: read('DRY_RUN') === 'true',
      signal: stop.signal,
    },
  );
  const { keyId, phase, expiresAt, resumeAfter, dryRun } = report;
  const lines = [
    ...report.steps.map((step) => `${dryRun ? 'Would' : 'Did'}: ${step}`),
    ...report.notes,
    ...report.sinks.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`])),
    ...report.retire.flatMap(({ id, problem }) =>
      problem === undefined ? [] : [`The key ${id} is still there: ${problem}`],
    ),
    `Key ${keyId}, phase ${phase}, expires ${expiresAt?.toISOString() ?? 'never'}.`,
    ...(resumeAfter === null ? [] : [`The next run after ${resumeAfter.toISOString()} goes on.`]),
  ];
  for (const line of lines) console.log(plain(line));
  if (!dryRun && phase === 'delivering')
    throw new SettingError(
      'Jenkins did not accept the new credentials. The old key still works. Fix the cause, and run again.',
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
