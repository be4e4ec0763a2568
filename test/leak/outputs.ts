// What rotations, audits, conformance reports and maskers print of text from outside, which the service, the store, a sink or
// a secret may say; and the check that it acts on nothing.
import { inspect } from 'node:util';
import { BlazeMeterClient, type FetchLike, Secret, UndeliveredSecretError } from 'blazemeter-client';
import { audit, expiring, toJson, toMarkdown } from 'blazemeter-client/audit';
import { azurePipelines, ciRunOwner, githubActions } from 'blazemeter-client/node';
import {
  adopt,
  fromStore,
  memoryStore,
  type RotationReport,
  resume,
  rotate,
  rotateIfExpiring,
  rotateWithoutRecord,
  type SecretSink,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { createReference, type Reference, runConformance } from 'blazemeter-client/testing';
import { expect, vi } from 'vitest';
import { obeyed } from '../support/acting.ts';
import { isObject } from '../support/reference.ts';
import { caught, type Printed } from './places.ts';

/** Nothing that was printed acts. */
export function assertBroken({ error, texts }: Printed): void {
  expect(texts.flatMap(obeyed)).toEqual([]);
  if (error === undefined) return;
  expect(error).toBeInstanceOf(Error);
  if (!(error instanceof Error)) return;
  expect(obeyed(error.message)).toEqual([]);
  expect(obeyed(String(error.stack))).toEqual([]);
  expect(obeyed(String(error))).toEqual([]);
  // Fields are data, and keep what they are; as text they are not ours to print.
  expect(obeyed(inspect(error.cause))).toEqual([]);
  expect(obeyed(String(Reflect.get(error, 'requestId') ?? ''))).toEqual([]);
  expect(obeyed(String(Reflect.get(error, 'source') ?? ''))).toEqual([]);
}

/** The value with each text in one of the fields replaced. */
function saying(value: unknown, fields: ReadonlySet<string>, text: string): unknown {
  if (Array.isArray(value)) return value.map((each) => saying(each, fields, text));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      typeof inner === 'string' && fields.has(key) ? text : saying(inner, fields, text),
    ]),
  );
}

/** The service with a text in these fields of its responses; `also` is a further key in its list. */
function service(reference: Reference, text: string, fields: readonly string[], also?: object): FetchLike {
  return async (url, init) => {
    const response = await reference.fetch(url, init);
    if (response.status === 204) return response;
    const body: unknown = saying(await response.json(), new Set(fields), text);
    if (also !== undefined && isObject(body) && Array.isArray(body.result) && url.includes('/api-keys'))
      body.result.push({ created: 1, expiration: 4e9, ...also });
    return new Response(JSON.stringify(body), { status: response.status, headers: response.headers });
  };
}

const TIMING = { testWithinMs: 0, lookAgainMs: 0 };

/** A rotation at such a service, whose sinks speak, too. */
async function rotation(text: string, fields: readonly string[], also?: (id: string) => object) {
  const reference = createReference();
  const { keys } = reference.seed({
    users: { ana: {} },
    accounts: { main: { owner: 'ana' } },
    keys: { ci: { user: 'ana' }, spare: { user: 'ana' } },
  });
  const lines: string[] = [];
  const write = (message: string, given?: object) => void lines.push(message, inspect(given));
  const logger = { error: write, warn: write, info: write, debug: write };
  const plain = new BlazeMeterClient({ credentials: keys.ci, fetch: reference.fetch, maxRetries: 0, logger });
  const store = memoryStore();
  const { id } = await adopt(plain, { store, name: 'ci', credentials: keys.ci });
  const fetch = service(reference, text, fields, also?.(id));
  const client = plain.withOptions({ fetch, logLevel: 'debug' });
  const ours = new StoreConflictError(text);
  const sinks: SecretSink[] = [
    { name: text, put: async () => {} },
    {
      name: `a ${text}`,
      put: () => Promise.reject(Object.assign(new Error(text), { name: text, code: text })),
    },
    { name: 'b', put: () => Promise.reject(ours) },
  ];
  return { reference, keys, client, plain, store, sinks, lines };
}

/** What a report says in words, alone and as JSON would log it. */
const wordsOf = ({ steps, notes, sinks, retire }: RotationReport): string[] => [
  ...[...steps, ...notes].flatMap((line) => [line, `line: ${line}`]),
  ...[...sinks, ...retire].flatMap(({ problem }) => problem ?? []),
];

/** Each of the runs, and all that they said. */
async function runs(
  lines: readonly string[],
  ...works: readonly (() => Promise<RotationReport>)[]
): Promise<Printed[]> {
  const printed: Printed[] = [];
  for (const work of works)
    printed.push(
      await work().then(
        (report) => ({ texts: wordsOf(report) }),
        (error: unknown) => ({ error, texts: [] }),
      ),
    );
  return [...printed, { texts: lines }];
}

const NAMES = ['name', 'email', 'displayName', 'request_id', 'message'];

export const outputs: Readonly<Record<string, (text: string) => Promise<readonly Printed[]>>> = {
  'a rotation whose sinks and store speak': async (text) => {
    const { client, store, sinks, lines } = await rotation(text, ['message', 'request_id', 'email']);
    const given = { store, timing: TIMING, owner: text };
    const broken = { read: () => Promise.reject(new StoreConflictError(text)), write: store.write };
    const probing: SecretSink = {
      ...sinks[0],
      name: text,
      put: async () => {},
      probe: () => Promise.reject(new StoreConflictError(text)),
    };
    return runs(
      lines,
      () => rotate(client, { ...given, reason: 'schedule', sinks: [probing] }),
      () => rotate(client, { ...given, reason: 'schedule', sinks, dryRun: true }),
      () => rotate(client, { ...given, reason: 'schedule', sinks }),
      () => resume(client, { ...given, sinks }),
      () => resume(client, { ...given, dropSinks: [text] }),
      () => rotate(client, { ...given, reason: 'leak', allowSelf: true, sinks }),
      () => rotate(client, { ...given, store: broken, reason: 'schedule' }),
    );
  },
  'a rotation at a service that renames keys': async (text) => {
    const { client, store, sinks, lines, keys } = await rotation(text, NAMES);
    const given = { store, timing: TIMING };
    return runs(
      lines,
      () => rotateIfExpiring(client, { ...given, within: '10 years', expiresIn: '1 month' }),
      () => rotate(client, { ...given, reason: 'schedule', sinks: sinks.slice(0, 1) }),
      () => resume(client, given),
      () => rotate(client, { ...given, reason: 'leak', recovery: keys.spare }),
    );
  },
  'a rotation at a service with a strange key': async (text) => {
    const strange = (id: string) => ({ id: text, name: `ci.${id}.e9.aaaaaaaaaaaaaaaa` });
    const { client, store, lines, keys } = await rotation(text, ['message'], strange);
    const given = { store, timing: TIMING };
    return runs(
      lines,
      () => rotate(client, { ...given, reason: 'schedule', drain: 0 }),
      () => resume(client, given),
      () => rotate(client, { ...given, reason: 'leak', recovery: keys.spare }),
    );
  },
  'a rotation at a service whose ids are such': async (text) => {
    const { client, store, lines } = await rotation(text, ['id']);
    const given = { store, timing: TIMING };
    return runs(
      lines,
      () => rotate(client, { ...given, reason: 'schedule', drain: 0 }),
      () => resume(client, given),
    );
  },
  'a rotation whose changes are refused': async (text) => {
    const { client, reference, store, lines } = await rotation(text, []);
    const given = { store, timing: TIMING, reason: 'schedule' } as const;
    const works = [400, 401, 403, 404, 409, 500].map((status) => async () => {
      const fault = reference.faults.add({
        effect: 'status',
        status,
        message: text,
        operation: ['apiKeys.create', 'apiKeys.delete'],
      });
      return rotate(client, given).finally(() => fault.remove());
    });
    return runs(lines, ...works);
  },
  'a rotation without a record': async (text) => {
    const { client, keys, sinks, lines } = await rotation(text, ['message', 'request_id', 'email']);
    const given = { name: 'ci', credentials: keys.ci, timing: TIMING, reason: 'schedule' } as const;
    const knowing: SecretSink = { name: text, put: async () => {}, probe: () => ({ keyId: text }) };
    return runs(
      lines,
      () => rotateWithoutRecord(client, { ...given, sinks: [knowing] }),
      () => rotateWithoutRecord(client, { ...given, sinks, replaces: text }),
      () => rotateWithoutRecord(client, { ...given, sinks }),
    );
  },
  'a reader of a record': async (text) => {
    const { store } = await rotation(text, []);
    const failing = { read: () => Promise.reject(new StoreConflictError(text)), write: store.write };
    const provider = fromStore(failing);
    const error = await caught(provider());
    return [{ error, texts: [provider.describe?.() ?? '', fromStore(store).describe?.() ?? ''] }];
  },
  'an audit, and its reports': async (text) => {
    const reference = createReference();
    const { keys } = reference.seed({
      users: { ana: {} },
      accounts: { main: { owner: 'ana', name: `${text}.` } },
      keys: {
        a: { user: 'ana', name: `${text}.`, expires: { days: 1 } },
        b: { user: 'ana', name: `${text}.`, created: { days: -50 } },
      },
    });
    const fetch = service(reference, text, [...NAMES, 'id'].slice(0, -1), { id: text, name: text });
    const client = new BlazeMeterClient({ credentials: keys.a, fetch, logLevel: 'off' });
    const owners = () => text;
    const allow = [{ rule: 'never-used', key: '*', reason: text }] as const;
    const found = await audit(client, { owners, allow, records: [] });
    const reports = [found, await expiring(client, { within: '1 year', owners })];
    const sentences = found.findings.flatMap(({ message, fix, assumption }) => [
      message,
      fix,
      assumption ?? '',
    ]);
    const unknown = reports.flatMap((report) => report.unknown.map(({ what }) => what));
    return [
      {
        texts: [
          ...reports.flatMap((report) => [toMarkdown(report), toJson(report)]),
          ...sentences,
          ...unknown,
        ],
      },
    ];
  },
  'a conformance report': async (text) => {
    const { client, reference, plain } = await rotation(text, [...NAMES, 'id', 'type']);
    const operation = 'apiKeys.create';
    reference.faults.add({ effect: 'status', status: 400, message: text, operation });
    const lines = await runConformance({ client });
    lines.push(...(await runConformance({ client: plain, write: true })));
    return [{ texts: lines.flatMap(({ behaviour, expected, seen }) => [behaviour, expected, seen]) }];
  },
  'a secret that is masked': async (text) => {
    const fs = process.getBuiltinModule('node:fs');
    let log = '';
    const write = vi.spyOn(fs, 'writeSync').mockImplementation((_, bytes, at) => {
      const piece = Buffer.from(bytes).subarray(Number(at));
      log += piece.toString();
      return piece.length;
    });
    const stat = vi.spyOn(fs, 'fstatSync').mockReturnValue(Object.assign(fs.statSync('/dev/null')));
    vi.stubEnv('GITHUB_ACTIONS', 'true').stubEnv('TF_BUILD', 'True');
    const errors: unknown[] = [];
    try {
      for (const mask of [githubActions(), azurePipelines()]) {
        const event = {
          operation: 'apiKeys.create',
          keyId: text,
          secret: Secret.from(`${text} made-up`),
        } as const;
        errors.push(await caught(Promise.resolve().then(() => mask(event))));
        errors.push(await caught(Promise.resolve().then(() => mask.credentials({ id: text, secret: text }))));
      }
    } finally {
      write.mockRestore();
      stat.mockRestore();
      vi.unstubAllEnvs();
    }
    // Each line is one command, and its value stays in it.
    const others = log
      .split(/[\r\n]+/)
      .filter((line) => line !== '' && !/^(?:::add-mask::|##vso\[task\.setsecret\])/.test(line));
    return [
      {
        texts: [
          ...others.map((line) => `::not a mask: ${line}`),
          ...errors.map((error) => (error === undefined ? '' : String(error))),
        ],
      },
    ];
  },
  'a secret that is not delivered': async (text) => {
    const error = new UndeliveredSecretError('It is kept.', {
      newSecret: Secret.from(`${text}${text}`),
      keyId: 'k',
    });
    return [
      {
        error,
        texts: [inspect(error), JSON.stringify(error), String(error.newSecret), inspect(error.newSecret)],
      },
    ];
  },
  'the owner of a run': async (text) => {
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: text,
      GITHUB_RUN_ID: text,
      GITHUB_JOB: text,
      TF_BUILD: text,
    };
    const { client, store, lines } = await rotation(text, []);
    const given = { store, timing: TIMING, owner: ciRunOwner(env) ?? text };
    const { record, etag } = (await store.read()) ?? {};
    if (record !== undefined)
      await store.write(
        { ...record, lease: { owner: text, until: new Date(Date.now() + 60_000) } },
        { ifMatch: etag ?? null },
      );
    return runs(
      lines,
      () => rotate(client, { ...given, reason: 'schedule' }),
      () => rotate(client, { ...given, reason: 'schedule', takeOver: true }),
    );
  },
};
