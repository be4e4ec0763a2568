// What the run tells: outputs for the steps that follow, lines in the log, and a summary on the page of the run. Ids, dates
// and words; a report has no secret in it.
import type { UnrecordedReport } from 'blazemeter-client/rotation';
import { markdown, type Runner } from './runner.ts';

const iso = (date: Date | null): string => date?.toISOString() ?? '';

function headline({ dryRun, rotated, keyId, givenKeyId, phase }: UnrecordedReport): string {
  if (dryRun) return 'A dry run: nothing was changed.';
  if (rotated && phase === 'delivering') return `The key ${keyId} is new, and not every secret holds it yet.`;
  if (rotated) return `The secrets hold the new key ${keyId}.`;
  if (keyId !== givenKeyId)
    return `This run was given the key ${givenKeyId}, and ${keyId} has replaced it meanwhile: nothing was changed.`;
  return `The key ${keyId} stays.`;
}

export function tell(runner: Runner, report: UnrecordedReport): void {
  const { keyId, rotated, expiresAt, resumeAfter, phase, steps, notes, sinks, retire, dryRun } = report;
  runner.output('key-id', keyId);
  runner.output('rotated', String(rotated));
  runner.output('expires-at', iso(expiresAt));
  runner.output('resume-after', iso(resumeAfter));
  runner.output('phase', phase);

  const head = headline(report);
  const done = dryRun ? 'Would' : 'Did';
  runner.say(head);
  for (const step of steps) runner.say(`${done}: ${step}`);
  for (const note of notes) runner.notice(note);
  for (const { name, problem } of sinks) if (problem !== undefined) runner.warning(`${name}: ${problem}`);
  for (const { id, problem } of retire)
    if (problem !== undefined) runner.warning(`The key ${id} is still there: ${problem}`);
  if (resumeAfter !== null) runner.say(`Run again after ${iso(resumeAfter)}: the next scheduled run does.`);

  const rows = [
    ['key in use', keyId],
    ['runs out', iso(expiresAt) || 'never'],
    ['phase', phase],
    ['run again after', iso(resumeAfter) || 'nothing is left to do'],
    ...sinks.map(({ name, keyId: held, problem }) => [
      name,
      problem ?? (held === null ? 'not known' : `holds ${held}`),
    ]),
    ...retire.map(({ id, problem }) => [`old key ${id}`, problem ?? 'is still to be deleted']),
  ];
  const listed = [...steps.map((step) => `${done}: ${step}`), ...notes];
  runner.summary(
    [
      `### BlazeMeter API key: ${markdown(head)}`,
      '',
      '| | |',
      '|---|---|',
      ...rows.map(([what = '', value = '']) => `| ${markdown(what)} | ${markdown(value)} |`),
      '',
      ...listed.map((line) => `- ${markdown(line)}`),
      '',
    ].join('\n'),
  );
  if (!dryRun && phase === 'delivering')
    runner.fail(
      'Not every secret took the new pair. The old key lives until they have. Mend what the warnings say, and run again.',
    );
}
