// adopt and rotate: the rotation of the library, for one key.

import { isBlazeMeterError, UndeliveredSecretError } from '../../index.ts';
import { ciRunOwner, fromKeyFile, keyFileSink } from '../../node/index.ts';
import * as rotation from '../../rotation/index.ts';
import { printable } from '../../util/printable.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit.ts';
import type { Field } from './output.ts';
import { inWordsOfCommands, messageOf, problemOf } from './problem.ts';
import { rescue } from './secrets.ts';
import { expiry, foreign, keyData, keyText, minute, NAME, shellWord } from './show.ts';

export interface AdoptOptions extends ChangeOptions {
  readonly store: string;
  readonly name: string;
}

/** What the library takes as it stands here. */
type Shared = 'every' | 'replaces' | 'within' | 'expiresIn' | 'drain' | 'quietFor' | 'leakedSince' | 'dryRun';

export interface RotateOptions extends ChangeOptions, Pick<rotation.UnrecordedOptions, Shared> {
  readonly store?: string;
  readonly name?: string;
  readonly sinkFile?: readonly string[];
  readonly reason: rotation.RotationReason;
  readonly resume?: boolean;
  readonly recoveryFile?: string;
  readonly allowSelf?: boolean;
  readonly dropSink?: readonly string[];
  readonly leaseOwner?: string;
  readonly takeOver?: boolean;
}

export async function adopt(context: Context, options: AdoptOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  const store = rotation.fileStore(context.secretPath(options.store, '--store', options));
  const credentials = await context.signer();
  output.progress('Adopting the key …');
  const { id, epoch, phase, name, current } = await rotation
    .adopt(context.client(credentials), {
      ...{ store, name: options.name, credentials },
      signal: interrupt.later,
    })
    .catch(notAdopted);
  const { id: keyId, expiresAt } = current;
  await output.result({ recordId: id, name, epoch, phase, keyId, expiresAt }, [
    ['Record', id],
    ['Key', foreign(keyId)],
    ['Expires', expiry(expiresAt, context.now())],
  ]);
  return EXIT.done;
}

/** The library advises to resume, for which there is no record yet. */
function notAdopted(error: unknown): never {
  if (!isBlazeMeterError(error) || error.hint?.method !== 'resume') throw error;
  const { exitCode, code } = problemOf(error);
  const advice = `Correct that, then run ${NAME} adopt again.`;
  throw new Stop(exitCode, code, inWordsOfCommands(error.message, error.hint, advice));
}

export async function rotate(context: Context, options: RotateOptions): Promise<ExitCode> {
  const { output } = context;
  if (options.store === undefined && options.name === undefined)
    throw usage('rotate needs either --store <file>, or --name <name> with --sink-file <file>.');
  try {
    output.progress('Rotating …');
    const report = await run(context, options);
    await show(context, report);
    return needsAttention(report) ? EXIT.findings : EXIT.done;
  } catch (error) {
    return await unfinished(context, error);
  }
}

async function run(context: Context, options: RotateOptions): Promise<rotation.RotationReport> {
  const { interrupt, io } = context;
  const { store, name = '', reason, resume, recoveryFile, sinkFile = [], leaseOwner } = options;
  const { every, within, expiresIn, drain, quietFor, leakedSince, allowSelf, dryRun, takeOver, dropSink } =
    options;
  if (every !== undefined && reason === 'leak')
    throw usage('--every is for scheduled runs, and --reason leak rotates at once: give one of them.');
  if (new Set(sinkFile.map((file) => context.path(file))).size < sinkFile.length)
    throw usage('--sink-file names one file twice.');
  const sinks = sinkFile.map((file) => keyFileSink(context.secretPath(file, '--sink-file', options)));
  const recovery =
    recoveryFile === undefined
      ? undefined
      : await fromKeyFile(context.path(recoveryFile))({ reason: 'first', signal: interrupt.now });
  const common = { sinks, recovery, quietFor, dryRun, signal: interrupt.later };
  const next = { every, expiresIn, drain };
  if (store === undefined) {
    if (sinks.length === 0)
      throw usage('--name rotates without a record, and then needs --sink-file <file>.');
    const credentials = await context.signer();
    const client = context.client(credentials);
    const { replaces } = options;
    const wanted = { ...common, ...next, name, credentials, reason, within, leakedSince, replaces };
    return rotation.rotateWithoutRecord(client, wanted);
  }
  const recorded = {
    ...common,
    store: interrupt.steps(rotation.fileStore(context.secretPath(store, '--store', options))),
    owner: leaseOwner ?? ciRunOwner(io.env),
    takeOver,
    dropSinks: dropSink,
  };
  // The rotation signs with the credentials of its record, so no others are looked for.
  const client = context.client('not:used');
  if (resume) return rotation.resume(client, recorded);
  if (reason === 'expiry') return rotation.rotateIfExpiring(client, { ...recorded, ...next, within });
  return rotation.rotate(client, { ...recorded, ...next, reason, leakedSince, allowSelf });
}

const needsAttention = (report: rotation.RotationReport): boolean =>
  !report.dryRun &&
  (report.phase === 'delivering' ||
    report.sinks.some(({ problem }) => problem !== undefined) ||
    report.retire.some(({ problem }) => problem !== undefined) ||
    report.stillUsed !== undefined ||
    (report.madeSinceLeak?.length ?? 0) > 0);

/** What a rotation came to, in a few words. */
function outcomeOf({ rotated, phase, dryRun, steps, resumeAfter }: rotation.RotationReport): string {
  if (dryRun)
    return steps.length === 0
      ? 'nothing to do'
      : `would take ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`;
  const done = rotated ? 'rotated' : steps.length > 0 ? 'continued' : 'nothing to do';
  if (phase === 'draining') return `${done}; the old key is deleted after ${minute(resumeAfter)}`;
  if (phase === 'delivering') return `${done}; a sink has not taken the new credentials`;
  return phase === 'retiring' ? `${done}; an old key could not be deleted` : done;
}

async function show({ output, now }: Context, report: rotation.RotationReport): Promise<void> {
  const { keyId, expiresAt, epoch, steps, notes, sinks, retire, madeSinceLeak, dryRun, resumeAfter } = report;
  const each = (label: string, texts: readonly string[] = []): Field[] =>
    texts.map((text, at) => [at === 0 ? label : '', printable(text, 1_000)]);
  const because = (problem: string | undefined) => (problem === undefined ? '' : ` (${problem})`);
  await output.result({ ...report, madeSinceLeak: madeSinceLeak?.map(keyData) }, [
    ['Outcome', { text: outcomeOf(report), style: 'bold' }],
    ['Key', foreign(keyId)],
    ['Expires', expiry(expiresAt, now())],
    ['Epoch', String(epoch)],
    ...each(dryRun ? 'Would' : 'Did', steps),
    ...sinks.map(
      ({ name, acknowledged, problem }, at): Field => [
        at === 0 ? 'Sinks' : '',
        `${name}: ${acknowledged ? 'has the credentials' : problem ? `has not taken them${because(problem)}` : 'stays as it is'}`,
      ],
    ),
    ...each(
      'To delete',
      retire.map(({ id, problem }) => `${id}${because(problem)}`),
    ),
    [
      'Still used',
      report.stillUsed &&
        'find its user, or give --quiet-for: how long it may be unused before it is deleted',
    ],
    ...each('Look at', madeSinceLeak?.map(keyText)),
    ...each('Note', notes),
    ['Run again', resumeAfter ? `after ${minute(resumeAfter)}` : undefined],
  ]);
}

/** After these the same command goes on, once what stands in its way is gone. */
const RESUMABLE: readonly ExitCode[] = [EXIT.failed, EXIT.ambiguous, EXIT.busy, EXIT.interrupted];

/** The run could not go on. Keeps a secret that no store would take, and says how to resume. */
async function unfinished(context: Context, error: unknown): Promise<ExitCode> {
  const { output, interrupt, argv } = context;
  const undelivered = isBlazeMeterError(error) && error instanceof UndeliveredSecretError;
  if (undelivered) rescue(context, error.keyId, error.newSecret, messageOf(error));
  const { exitCode, message, ...fields } = problemOf(undelivered ? error : (interrupt.reason ?? error));
  output.say('error', message, { ...fields, exitCode });
  const gone = isBlazeMeterError(error) && error.hint?.method === 'adopt';
  if (RESUMABLE.includes(exitCode) && !gone)
    output.say('note', `To resume: ${NAME} ${argv.map(shellWord).join(' ')}`);
  return exitCode;
}
