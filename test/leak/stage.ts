// What a failure works with: credentials and a new secret that the detector knows, a reference that takes them, and a
// place to put everything that a caller could look at afterwards.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlazeMeterClient, type ClientOptions, type FetchLike, type Logger } from 'blazemeter-client';
import { createReference, type Reference } from 'blazemeter-client/testing';

/** `hex`: a secret as the service makes them. `awkward`: one that every encoding writes differently. */
export type Kind = 'hex' | 'awkward';
export const kinds: readonly Kind[] = ['hex', 'awkward'];

const AWKWARD = [...'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"\\+/%&<>\'=?~ üß€ñ'];

function madeUp(name: string, kind: Kind, length: number): string {
  const digests = Array.from({ length: Math.ceil(length / 32) + 2 }, (_, at) =>
    createHash('sha256').update(`${name} ${at}`).digest(),
  );
  const bytes = Buffer.concat(digests);
  if (kind === 'hex') return bytes.toString('hex').slice(0, length);
  const text = Array.from(bytes.subarray(0, length - 7), (byte) => AWKWARD[byte % AWKWARD.length]).join('');
  // No blanks at the ends: credentials in one text is trimmed. The question marks put a slash into every base64 form.
  return `k${text.slice(0, 14)}"${text.slice(15, 30)}?????${text.slice(30, 46)}\\${text.slice(47)}z`;
}

/** The secrets of the table: the one that signs, and the one that the service makes. */
export const secretsOf = (kind: Kind): { readonly credentials: string; readonly made: string } => ({
  credentials: madeUp('the secret that signs', kind, 72),
  made: madeUp('the secret that is made', kind, 72),
});

export interface Pair {
  readonly id: string;
  readonly secret: string;
}

export const basic = ({ id, secret }: Pair): string =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** What a failure is given. */
export interface Stage {
  readonly credentials: Pair;
  /** The secret of whatever key is made. */
  readonly made: string;
  readonly reference: Reference;
  /** The reference, which takes and gives the secrets above for its own. */
  readonly fetch: FetchLike;
  /** A client that may be looked at afterwards. */
  client(options?: ClientOptions): BlazeMeterClient;
  /** Remembers something that a caller could look at. */
  show<T>(thing: T): T;
  /** A folder of its own. */
  folder(): string;
  /** Is done at the end. */
  afterwards(run: () => unknown): void;
}

export interface OwnStage extends Stage {
  readonly shown: readonly unknown[];
  end(): Promise<void>;
}

const MADE_BY_REFERENCE = /7e57ed5e[0-9a-f]{64}/g;

export function createStage(kind: Kind, logger?: Logger): OwnStage {
  const reference = createReference();
  const { keys } = reference.seed();
  const { credentials: secret, made } = secretsOf(kind);
  const credentials = { id: keys.owner.id, secret };
  // What the reference knows each of our headers as.
  const real = new Map([[basic(credentials), basic(keys.owner)]]);

  const translated = (text: string): string =>
    text.replace(MADE_BY_REFERENCE, (theirs) => {
      for (const id of [credentials.id, /"id": ?"(7e57ed1d[0-9a-f]{16})"/.exec(text)?.[1] ?? credentials.id])
        real.set(basic({ id, secret: made }), basic({ id, secret: theirs }));
      return JSON.stringify(made).slice(1, -1);
    });
  const fetch: FetchLike = async (url, init) => {
    const headers = new Headers(init.headers);
    const authorization = headers.get('authorization') ?? '';
    headers.set('authorization', real.get(authorization) ?? authorization);
    const response = await reference.fetch(url, { ...init, headers });
    const { body, status } = response;
    if (body === null) return response;
    const decoder = new TextDecoder();
    const swap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) =>
        controller.enqueue(new TextEncoder().encode(translated(decoder.decode(chunk)))),
    });
    return new Response(body.pipeThrough(swap), { status, headers: response.headers });
  };

  const shown: unknown[] = [];
  const last: (() => unknown)[] = [];
  const show = <T>(thing: T): T => {
    shown.push(thing);
    return thing;
  };
  return {
    credentials,
    made,
    reference,
    fetch,
    shown,
    show,
    client: (options = {}) =>
      show(
        new BlazeMeterClient({
          credentials,
          fetch,
          maxRetries: 0,
          ...(logger === undefined ? {} : { logger, logLevel: 'debug' }),
          ...options,
        }),
      ),
    folder() {
      const folder = mkdtempSync(join(process.env.LEAK_FOLDER ?? tmpdir(), 'leak-'));
      last.push(() => rmSync(folder, { recursive: true, force: true }));
      return folder;
    },
    afterwards: (run) => void last.push(run),
    async end() {
      for (const run of last) await run();
    },
  };
}
