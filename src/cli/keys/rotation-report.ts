// The report of a rotation: for people, for programs, and as an exit code.

import type { RotationReport } from '../../rotation/engine/report.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { expiry, keyData, minute, plain, shellWord } from './shown.ts';
import { type Cell, fields } from './table.ts';

/** The same command again goes on where this one stopped. */
export const resumeCommand = ({ argv }: Pick<Context, 'argv'>): string =>
  ['blazemeter-keys', ...argv].map(shellWord).join(' ');

/** What of a report somebody has to look at. */
export const reportCode = ({
  sinks,
  retire,
  stillUsed,
  madeSinceLeak,
  dryRun,
  phase,
}: RotationReport): ExitCode =>
  !dryRun &&
  (phase === 'delivering' ||
    sinks.some(({ acknowledged }) => !acknowledged) ||
    retire.some(({ problem }) => problem !== undefined) ||
    stillUsed !== undefined ||
    (madeSinceLeak?.length ?? 0) > 0)
    ? EXIT.findings
    : EXIT.done;

/** What a rotation came to, in a few words. */
function outcomeOf({ rotated, phase, dryRun, steps, resumeAfter }: RotationReport): string {
  if (dryRun)
    return steps.length === 0
      ? 'nothing to do'
      : `would ${steps.length === 1 ? 'take a step' : `take ${steps.length} steps`}`;
  const waits =
    phase === 'draining'
      ? `the old key goes after ${minute(resumeAfter)}`
      : phase === 'delivering'
        ? 'a sink has not taken the new pair'
        : phase === 'retiring'
          ? 'an old key could not be deleted'
          : '';
  const done = rotated ? 'rotated' : steps.length > 0 ? 'went on' : 'nothing to do';
  return waits === '' ? done : `${done}; ${waits}`;
}

/** What programs get of a report. */
const reportData = ({ madeSinceLeak, ...report }: RotationReport) => ({
  ...report,
  ...(madeSinceLeak === undefined ? {} : { madeSinceLeak: madeSinceLeak.map(keyData) }),
});

export async function showReport({ terminal }: Context, report: RotationReport): Promise<void> {
  if (terminal.json) {
    await terminal.document(reportData(report));
    return;
  }
  const {
    keyId,
    expiresAt,
    epoch,
    steps,
    notes,
    sinks,
    retire,
    madeSinceLeak = [],
    dryRun,
    resumeAfter,
  } = report;
  const each = (label: string, texts: readonly string[]): [string, Cell][] =>
    texts.map((text, at) => [at === 0 ? label : '', plain(printable(text, 1_000))]);
  await terminal.result(
    fields(
      [
        ['Outcome', plain(outcomeOf(report), 'bold')],
        ['Key', plain(shownId(keyId))],
        ['Expires', expiry(expiresAt, Date.now())],
        ['Epoch', plain(String(epoch))],
        ...each(dryRun ? 'Would' : 'Did', steps),
        ...each(
          'Sinks',
          sinks.map(
            ({ name, acknowledged, problem }) =>
              `${printable(name)}: ${acknowledged ? 'has the new pair' : `has not taken it${problem === undefined ? '' : ` (${problem})`}`}`,
          ),
        ),
        ...each(
          'To delete',
          retire.map(({ id, problem }) => `${shownId(id)}${problem === undefined ? '' : `: ${problem}`}`),
        ),
        ...each(
          'Look at',
          madeSinceLeak.map(({ id, name }) => `${shownId(id)} ${printable(name)}`),
        ),
        ...each('Note', notes),
        ...(resumeAfter === null
          ? []
          : [['Run again', plain(`after ${minute(resumeAfter)}`)] satisfies [string, Cell]]),
      ],
      terminal.paint,
    ),
  );
}
