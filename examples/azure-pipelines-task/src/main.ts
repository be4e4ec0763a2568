// The task: one run of a rotation that keeps no record, between a variable group and BlazeMeter.
import { BlazeMeterClient, isBlazeMeterError, parseCredentials } from 'blazemeter-client';
import { azurePipelines } from 'blazemeter-client/node';
import { rotateWithoutRecord, type UnrecordedReport } from 'blazemeter-client/rotation';
import { Agent, InputError } from './agent.ts';
import { azureVariableGroup } from './azure-variable-group.ts';

const REASONS = ['expiry', 'schedule', 'leak'] as const;

async function run(agent: Agent): Promise<void> {
  // What a pull request brings along must not run beside a token that writes secrets.
  if (
    agent.variable('BUILD_REASON') === 'PullRequest' ||
    agent.variable('SYSTEM_PULLREQUEST_ISFORK') === 'True'
  )
    throw new InputError('This task does not run for pull requests. Start it by a schedule, or by hand.');
  const mask = azurePipelines();
  mask.check();
  const credentials = parseCredentials(
    { id: agent.needed('keyId'), secret: agent.needed('keySecret') },
    'keyId with keySecret',
  );
  // The agent masks a secret variable as it stands; how it looks in a header, it does not know.
  mask.credentials(credentials);

  const reason = REASONS.find((one) => one === (agent.input('reason') ?? 'expiry'));
  if (reason === undefined) throw new InputError(`The input reason is one of ${REASONS.join(', ')}.`);
  const groupId = agent.count('groupId');
  const organization = agent.variable('SYSTEM_COLLECTIONURI');
  const project = agent.variable('SYSTEM_TEAMPROJECT');
  if (groupId === undefined || organization === undefined || project === undefined)
    throw new InputError('The input groupId is missing, or this is not a pipeline of Azure DevOps.');
  const [within, lifetime, drain] = [
    agent.count('withinDays'),
    agent.count('expiresInDays'),
    agent.count('drainHours'),
  ];
  const authorization = `Bearer ${agent.needed('accessToken')}`;
  const baseUrl = agent.input('baseUrl');

  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => stop.abort(new InputError('Cancelled: the next run completes the rotation.')));

  const client = new BlazeMeterClient({
    credentials,
    onNewSecret: mask,
    userAgent: 'blazemeter-rotate-task',
    logLevel: 'off',
    ...(baseUrl === undefined ? {} : { baseUrl }),
  });
  const sink = azureVariableGroup({
    organization,
    project,
    groupId,
    idVariable: agent.input('idVariable') ?? 'BLAZEMETER_API_KEY_ID',
    secretVariable: agent.input('secretVariable') ?? 'BLAZEMETER_API_KEY_SECRET',
    authorization: () => authorization,
  });
  tell(
    agent,
    await rotateWithoutRecord(client, {
      name: agent.needed('name'),
      credentials,
      sinks: [sink],
      reason,
      within: within === undefined ? undefined : { days: within },
      expiresIn: lifetime === undefined ? undefined : { days: lifetime },
      drain: drain === undefined ? undefined : { hours: drain },
      replaces: agent.input('replaces'),
      dryRun: agent.input('dryRun') === 'true',
      signal: stop.signal,
    }),
  );
}

/** Ids, dates and words: a report holds no secret. */
function tell(agent: Agent, report: UnrecordedReport): void {
  const { keyId, rotated, expiresAt, resumeAfter, phase, dryRun } = report;
  for (const step of report.steps) agent.say(`${dryRun ? 'Would' : 'Did'}: ${step}`);
  for (const note of report.notes) agent.say(note);
  for (const { name, problem } of report.sinks)
    if (problem !== undefined) agent.warning(`${name}: ${problem}`);
  for (const { id, problem } of report.retire)
    if (problem !== undefined) agent.warning(`The key ${id} is still there: ${problem}`);
  agent.say(`Key ${keyId}, phase ${phase}.`);
  agent.output('keyId', keyId);
  agent.output('rotated', String(rotated));
  agent.output('expiresAt', expiresAt?.toISOString() ?? '');
  agent.output('resumeAfter', resumeAfter?.toISOString() ?? '');
  if (!dryRun && phase === 'delivering')
    agent.fail(
      'The variable group did not accept the new credentials. The old key still works. Fix the cause, and run again.',
    );
}

const agent = new Agent(process.env);
run(agent).catch((error: unknown) => {
  // Other errors may quote what they were given.
  const shown = isBlazeMeterError(error) || error instanceof InputError || error instanceof TypeError;
  agent.fail(
    shown ? error.message : 'It failed for a reason that is not shown, because it may quote a secret.',
  );
});
