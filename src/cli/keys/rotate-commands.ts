// adopt and rotate: the calls of the rotation, for one key.

import type { BlazeMeterClient } from '../../client.ts';
import { UndeliveredSecretError } from '../../errors.ts';
import { rotateWithoutRecord } from '../../rotation/ci/unrecorded.ts';
import type { RotationReport } from '../../rotation/engine/report.ts';
import { adopt as adoptPair, resume, rotateIfExpiring, rotate as rotateKey } from '../../rotation/rotate.ts';
import { shownId } from '../../util/printable.ts';
import type { Command } from './command.ts';
import { type Context, clientOf, signerOf } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit-codes.ts';
import { readSpan } from './periods.ts';
import {
  givenTiming,
  leakOptions,
  ROTATE_OPTIONS,
  reasonOf,
  recoveryOf,
  runOptions,
} from './rotate-options.ts';
import { reportCode, resumeCommand, showReport } from './rotation-report.ts';
import { rescue } from './secret-out.ts';
import { expiry, plain } from './shown.ts';
import { sinksOfFiles, storeOfFile } from './stores.ts';
import { fields } from './table.ts';
import { troubleOf } from './trouble.ts';

export const adopt: Command = {
  name: 'adopt',
  summary: 'begin a record with the pair that signs; rotate then goes on from it',
  needs: ['store', 'name'],
  options: {
    store: { value: '<file>', help: 'where the record is to be' },
    name: { value: '<name>', help: 'the first part of the names of the keys to come' },
    'allow-in-git': { help: 'write it although git would track it' },
  },
  async run(context) {
    const { given, terminal, interrupt } = context;
    const store = storeOfFile(context, given.needed('store'));
    const credentials = await signerOf(context);
    terminal.progress('Adopting the key …');
    const client = clientOf(context, credentials);
    const record = await adoptPair(client, {
      store,
      name: given.needed('name'),
      credentials,
      signal: interrupt.later,
    });
    const { id, epoch, phase, name, current } = record;
    if (terminal.json)
      await terminal.document({
        recordId: id,
        name,
        epoch,
        phase,
        keyId: current.id,
        expiresAt: current.expiresAt,
      });
    else
      await terminal.result(
        fields(
          [
            ['Record', plain(id)],
            ['Key', plain(shownId(current.id))],
            ['Expires', expiry(current.expiresAt, Date.now())],
          ],
          terminal.paint,
        ),
      );
    return EXIT.done;
  },
};

export const rotate: Command = {
  name: 'rotate',
  summary: 'rotate a key that is due, or end the rotation that is under way',
  about: [
    'With --store: by the record in that file. With --name and --sink-file: without a record; the first file is then the one that the pair comes from (--key-file). One run never waits for a drain: run it',
    'again, each night for instance. Exit code 1: there is something to look at, such as a sink that did not answer.',
  ],
  options: ROTATE_OPTIONS,
  async run(context) {
    const { given, terminal } = context;
    if ((given.text('store') === undefined) === (given.text('name') === undefined))
      throw usage('rotate needs either --store, or --name with --sink-file.');
    try {
      terminal.progress('Rotating …');
      const report = given.text('store') === undefined ? await unrecorded(context) : await recorded(context);
      await showReport(context, report);
      return reportCode(report);
    } catch (error) {
      return await unfinished(context, error);
    }
  },
};

async function recorded(context: Context): Promise<RotationReport> {
  const { given, interrupt } = context;
  const reason = reasonOf(context);
  const timing = givenTiming(context);
  const options = {
    ...(await runOptions(context)),
    store: interrupt.steps(storeOfFile(context, given.needed('store'))),
    sinks: sinksOfFiles(context, given.all('sink-file')),
  };
  // The rotation signs with the pairs of its record, so no other is looked for.
  const client = clientOf(context, 'not:used');
  if (given.flag('resume')) return resume(client, options);
  if (reason === 'expiry') return rotateIfExpiring(client, { ...options, ...timing });
  return rotateKey(client, { ...options, ...timing, ...leakOptions(context), reason });
}

async function unrecorded(context: Context): Promise<RotationReport> {
  const { given, interrupt } = context;
  for (const name of ['resume', 'take-over', 'lease-owner', 'drop-sink', 'allow-self'])
    if (given.flag(name) || given.text(name) !== undefined || given.all(name).length > 0)
      throw usage(`--${name} is for rotations with a record (--store).`);
  const files = given.all('sink-file');
  if (files.length === 0) throw usage('--name rotates without a record, and then needs --sink-file <file>.');
  const quiet = given.text('quiet-for');
  const recovery = await recoveryOf(context);
  const { leakedSince } = leakOptions(context);
  const credentials = await signerOf(context);
  const client: BlazeMeterClient = clientOf(context, credentials);
  return rotateWithoutRecord(client, {
    name: given.needed('name'),
    credentials,
    sinks: sinksOfFiles(context, files),
    reason: reasonOf(context),
    ...givenTiming(context),
    ...(quiet === undefined ? {} : { quietFor: readSpan(quiet, '--quiet-for') }),
    ...(recovery === undefined ? {} : { recovery }),
    ...(leakedSince === undefined ? {} : { leakedSince }),
    dryRun: given.flag('dry-run'),
    signal: interrupt.later,
  });
}

/** After these the same command goes on, once what stands in its way is gone. */
const RESUMABLE: readonly ExitCode[] = [EXIT.service, EXIT.ambiguous, EXIT.busy, EXIT.interrupted];

/** The run could not go on. Keeps a secret that no store would take, and says how to resume. */
async function unfinished(context: Context, error: unknown): Promise<ExitCode> {
  const { terminal, interrupt } = context;
  const undelivered = error instanceof UndeliveredSecretError;
  if (undelivered) {
    await rescue(context, { keyId: error.keyId, secret: error.newSecret }, error.message);
  }
  const { exitCode, message, ...fields } = troubleOf(undelivered ? error : (interrupt.reason ?? error));
  terminal.problem(message, { ...fields, exitCode });
  if (RESUMABLE.includes(exitCode)) terminal.hint(`To resume: ${resumeCommand(context)}`);
  return exitCode;
}
