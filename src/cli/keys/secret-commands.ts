// The commands that bring a secret: create and regenerate. Where the answer is lost, the client is asked what became of it,
// and nothing is sent a second time blindly.

import type { Secret } from '../../auth/secret.ts';
import { AmbiguousOutcomeError, type Resolution, UndeliveredSecretError } from '../../errors.ts';
import type { Bound } from '../../resources/policy-memory.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { printable, shownId } from '../../util/printable.ts';
import { shownPath } from '../files.ts';
import { agree } from './ask.ts';
import { ALLOW_SELF, type Command, YES } from './command.ts';
import { type Context, clientOf } from './context.ts';
import { EXIT, type ExitCode, Stop, worst } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import { readLife } from './periods.ts';
import { rescue, SECRET_OPTIONS, type SecretOut, secretOut } from './secret-out.ts';
import { keyData, keyFields, plain } from './shown.ts';
import { type Cell, fields } from './table.ts';

/** A key with its new secret. */
interface Fresh {
  readonly apiKey: ApiKey;
  readonly secret: Secret;
  readonly clamped?: boolean;
  readonly boundBy?: Bound;
}

export const create: Command = {
  name: 'create',
  summary: 'make a key',
  needs: ['name', 'expires-in'],
  options: {
    name: { value: '<name>', help: 'for your reference' },
    'expires-in': {
      value: '<period>',
      help: "'1 month', '3 months', '6 months', '1 year', '10 years', '45 days', or max",
    },
    ...SECRET_OPTIONS,
  },
  async run(context) {
    const { given, interrupt, terminal } = context;
    const expiresIn = readLife(given.needed('expires-in'), '--expires-in');
    const out = await secretOut(context);
    terminal.progress('Making the key …');
    const client = clientOf(context);
    return issue(context, out, () =>
      client.apiKeys.create({ name: given.needed('name'), expiresIn }, { signal: interrupt.later }),
    );
  },
};

export const regenerate: Command = {
  name: 'regenerate',
  argument: '<id>',
  summary: 'give a key a new secret; the old one is dead at once',
  options: { ...YES, ...ALLOW_SELF, ...SECRET_OPTIONS },
  async run(context) {
    const { given, interrupt, terminal } = context;
    const id = given.argument;
    const out = await secretOut(context, id);
    await agree(
      context,
      `Regenerating the secret of the key ${shownId(id)}`,
      ' The old one then works nowhere.',
    );
    terminal.progress('Regenerating the secret …');
    const client = clientOf(context);
    const allowSelf = given.flag('allow-self');
    return issue(context, out, () =>
      client.apiKeys.regenerateSecret(id, { allowSelf, signal: interrupt.later }),
    );
  },
};

/** Gets a secret, and puts it where it belongs. */
async function issue(context: Context, out: SecretOut, call: () => Promise<Fresh>): Promise<ExitCode> {
  const fresh = await settled(context, out, call);
  const { apiKey, secret, clamped = false, boundBy } = fresh;
  const { terminal } = context;
  const kept = await out.keep({ keyId: apiKey.id, secret });
  const file = kept.file === undefined ? undefined : shownPath(kept.file);
  let taken: boolean;
  if (terminal.json)
    taken = await terminal.document({
      key: keyData(apiKey),
      clamped,
      boundBy: boundBy ?? null,
      file: kept.file ?? null,
      ...(out.print ? { secret: secret.reveal() } : {}),
    });
  else {
    const shown: [string, Cell][] = [
      ...keyFields(apiKey, Date.now()),
      ...(file === undefined ? [] : [['Written to', plain(file)] satisfies [string, Cell]]),
      ...(out.print ? [['Secret', plain(secret.reveal())] satisfies [string, Cell]] : []),
    ];
    taken = await terminal.result(fields(shown, terminal.paint));
  }
  if (clamped)
    terminal.warn(
      `The key runs out earlier than was asked for${boundBy === undefined ? '' : `: account ${boundBy.accountId} allows ${boundBy.maximumDays} days`}.`,
    );
  // Nobody reads standard output any more, and it was the only place for the secret.
  if (!taken && out.print && kept.file === undefined)
    return (await rescue(context, { keyId: apiKey.id, secret }, 'Standard output was closed.')).code;
  return worst([kept.code, clamped ? EXIT.findings : EXIT.done]);
}

/** The outcome of a call that may have happened although its answer did not come. */
async function settled(context: Context, out: SecretOut, call: () => Promise<Fresh>): Promise<Fresh> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UndeliveredSecretError) {
      const { newSecret, keyId } = error;
      if (keyId === undefined || out.print)
        await rescue(context, { keyId, secret: newSecret }, error.message);
      else {
        const kept = await out.keep({ keyId, secret: newSecret });
        if (kept.code === EXIT.done && kept.file !== undefined)
          context.terminal.warn(`${inCommands(error.message)} It was written to ${shownPath(kept.file)}.`);
      }
      throw new Stop(
        EXIT.findings,
        error.code,
        'The key is made and its secret is kept, but not all went well: see above.',
      );
    }
    if (!(error instanceof AmbiguousOutcomeError) || context.interrupt.reason !== undefined) throw error;
    context.terminal.warn(
      `${error.operation ?? 'The call'} was sent, and its answer was lost. Looking what became of it.`,
    );
    return resolved(context, await resolution(context, error));
  }
}

async function resolution({ interrupt }: Context, error: AmbiguousOutcomeError): Promise<Resolution> {
  return error.resolve({ regenerate: true, signal: interrupt.later });
}

function resolved(context: Context, found: Resolution): Fresh {
  if (found.outcome === 'committed' && found.secret !== undefined) {
    context.terminal.note(
      `It had happened: the key ${shownId(found.apiKey.id)} is there, and was given another secret.`,
    );
    return { apiKey: found.apiKey, secret: found.secret };
  }
  if (found.outcome === 'not-committed')
    throw new Stop(EXIT.service, 'not_committed', 'Nothing was made. Run it again.');
  const candidates = found.outcome === 'unknown' ? found.candidates : [];
  const ids = candidates.map(({ id, name }) => `${shownId(id)} (${printable(name)})`).join(', ');
  throw new Stop(
    EXIT.ambiguous,
    'ambiguous_outcome',
    `${found.outcome === 'unknown' ? printable(found.reason, 400) : 'It happened, but nobody has the secret.'} Nothing was changed.${ids === '' ? '' : ` Keys to look at: ${ids}.`} Delete what is not yours (blazemeter-keys delete <id>), then run it again.`,
  );
}
