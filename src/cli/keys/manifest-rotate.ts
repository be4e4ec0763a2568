// rotate --manifest: every key that is due, a few at once. One that fails stops no other.

import { UndeliveredSecretError } from '../../errors.ts';
import { adopt, resume, rotate, rotateIfExpiring } from '../../rotation/rotate.ts';
import { eachBounded } from './bounded.ts';
import { type Context, clientOf } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit-codes.ts';
import { type Entry, lookAtEntries, openManifest, type Seen, unnamedKeys } from './manifest-entries.ts';
import {
  codeOf,
  type Line,
  linesByOwner,
  linesData,
  summary,
  unnamedData,
  unnamedLines,
} from './manifest-report.ts';
import { givenTiming, leakOptions, reasonOf, runOptions } from './rotate-options.ts';
import { outcomeOf, reportCode, reportData, resumeCommand } from './rotation-report.ts';
import { rescue } from './secret-out.ts';
import { troubleOf } from './trouble.ts';

/** What is of one key, and cannot be meant for all. */
const OF_ONE_KEY = ['sink-file', 'recovery-file', 'drop-sink', 'allow-self', 'leaked-since'];

export async function rotateManifest(context: Context): Promise<ExitCode> {
  const { given, terminal, interrupt } = context;
  for (const name of OF_ONE_KEY)
    if (given.flag(name) || given.text(name) !== undefined || given.all(name).length > 0)
      throw usage(`--${name} is for one key, and a manifest may hold many.`);
  const opened = openManifest(context);
  const { entries, atOnce } = opened;
  const run = await runner(context);
  let done = 0;
  terminal.progress(`Rotating … 0 of ${entries.length}`);
  const ran = await eachBounded(entries, atOnce, async (entry) => {
    const line = await run(entry);
    done += 1;
    terminal.progress(`Rotating … ${done} of ${entries.length}: ${line.outcome}`);
    return line;
  });
  const seen = interrupt.reason === undefined ? await lookAtEntries(context, opened) : [];
  const lines = given.flag('dry-run') ? ran.map((line) => foretold(line, seen)) : ran;
  const unnamed = await unnamedKeys(context, seen, atOnce);
  const code = codeOf(lines, unnamed);
  if (terminal.json)
    await terminal.document({ owners: linesData(lines), unnamed: unnamedData(unnamed), exitCode: code });
  else
    await terminal.result([
      ...linesByOwner(context, lines),
      ...unnamedLines(context, unnamed),
      summary(lines, unnamed, 'well'),
    ]);
  if (interrupt.reason !== undefined) terminal.hint(`To resume: ${resumeCommand(context)}`);
  return code;
}

/** A rehearsal signs nothing with the pairs that it would rotate. Looking at them does: what is refused then, would be. */
function foretold(line: Line, seen: readonly Seen[]): Line {
  const trouble = seen.find(({ entry }) => entry === line.entry)?.trouble;
  if (trouble === undefined || line.trouble !== undefined) return line;
  return { entry: line.entry, code: trouble.exitCode, outcome: 'would fail', trouble };
}

/** What is done for each entry. */
async function runner(context: Context): Promise<(entry: Entry) => Promise<Line>> {
  const { given, interrupt } = context;
  const reason = reasonOf(context);
  const common = await runOptions(context);
  const { dryRun = false } = common;
  const told = givenTiming(context);
  const leak = leakOptions(context);
  const client = clientOf(context, 'not:used');

  const work = async (entry: Entry): Promise<Line> => {
    const store = interrupt.steps(entry.store());
    const fresh = (await store.read()) === undefined;
    if (fresh) {
      const credentials = await entry.pair();
      if (dryRun) return { entry, code: EXIT.done, outcome: 'would be adopted', keyId: credentials.id };
      await adopt(client, { store, name: entry.name, credentials, signal: interrupt.later });
    }
    const options = { ...common, ...entry.timing, ...told, store, sinks: entry.sinks() };
    const report = given.flag('resume')
      ? await resume(client, options)
      : reason === 'expiry'
        ? await rotateIfExpiring(client, options)
        : await rotate(client, { ...options, ...leak, reason });
    const { keyId, expiresAt } = report;
    return {
      entry,
      code: reportCode(report),
      outcome: fresh ? `adopted; ${outcomeOf(report)}` : outcomeOf(report),
      keyId,
      expiresAt,
      data: reportData(report),
    };
  };

  return async (entry) => {
    if (interrupt.reason !== undefined)
      return { entry, code: EXIT.interrupted, outcome: 'not begun', trouble: troubleOf(interrupt.reason) };
    try {
      return await work(entry);
    } catch (error) {
      const ended = interrupt.reason !== undefined && interrupt.later.aborted ? interrupt.reason : error;
      if (error instanceof UndeliveredSecretError) {
        const secret = { keyId: error.keyId, secret: error.newSecret };
        const lost = await rescue(context, secret, error.message).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (lost !== undefined) return failed(entry, lost);
      }
      return failed(entry, error instanceof UndeliveredSecretError ? error : ended);
    }
  };
}

function failed(entry: Entry, error: unknown): Line {
  const trouble = troubleOf(error);
  return {
    entry,
    code: trouble.exitCode,
    outcome: trouble.code === 'interrupted' ? 'interrupted' : 'failed',
    trouble,
  };
}
