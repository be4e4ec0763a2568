// The action: one run of a rotation that keeps no record, between the secrets of a repository and BlazeMeter.
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import { githubActions } from 'blazemeter-client/node';
import { rotateWithoutRecord } from 'blazemeter-client/rotation';
import { githubActionsSecret } from '../../sinks/github-actions-secret.ts';
import { safeUrl } from '../../sinks/refusal.ts';
import { cancelling } from './cancel.ts';
import { InputError, readInputs } from './inputs.ts';
import { tell } from './report.ts';
import { Runner } from './runner.ts';

async function run(runner: Runner): Promise<void> {
  const event = runner.variable('GITHUB_EVENT_NAME') ?? '';
  // What a pull request brings along must not run beside a token that writes secrets.
  if (event.startsWith('pull_request'))
    throw new InputError(
      'This action does not run for pull requests. Start it by schedule and workflow_dispatch.',
    );
  const inputs = readInputs(runner);
  const { name, credentials, recovery, githubToken: token, scope, apiUrl, baseUrl } = inputs;
  const mask = githubActions();
  mask.check?.();
  // GitHub masks the secret as it is stored; its halves, and how it looks in a header, it does not know.
  for (const { id, secret } of recovery === undefined ? [credentials] : [credentials, recovery])
    await mask({ operation: 'given', keyId: id, secret });

  safeUrl(apiUrl);
  const cancel = cancelling(runner);
  const sinks = inputs.secretNames.map((secretName, at) =>
    cancel.watched(
      githubActionsSecret({
        token,
        scope,
        apiUrl,
        name: secretName,
        idVariable: at === 0 ? inputs.idVariable : undefined,
      }),
    ),
  );
  try {
    const client = new BlazeMeterClient({
      credentials,
      fetch: cancel.fetch,
      onNewSecret: mask,
      userAgent: 'blazemeter-rotate-action',
      logLevel: 'off',
      ...(baseUrl === undefined ? {} : { baseUrl }),
    });
    const { reason, within, expiresIn, drain, replaces, dryRun } = inputs;
    const { signal } = cancel;
    const options = {
      name,
      credentials,
      recovery,
      sinks,
      reason,
      within,
      expiresIn,
      drain,
      replaces,
      dryRun,
      signal,
    };
    tell(runner, await rotateWithoutRecord(client, options));
  } catch (error) {
    if (!cancel.wanted()) throw error;
    runner.fail('The run was cancelled. The next run makes good what this one has not finished.');
  } finally {
    cancel.done();
  }
}

const runner = new Runner(process.env);
run(runner).catch((error: unknown) => {
  // Other errors may quote what they were given.
  const shown = isBlazeMeterError(error) || error instanceof InputError || error instanceof TypeError;
  runner.fail(
    shown
      ? error.message
      : 'It failed in a way that it does not know. Nothing more is shown, because an error may quote a secret.',
  );
});
