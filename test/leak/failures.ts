// The failures of the leak table, as data: each ends in the error that it names. Here are those of a response; servers that
// quote secrets stand in echoes.ts, all others in the files called failing-….
import { echoes } from './echoes.ts';
import { failingCommands } from './failing-commands.ts';
import { failingConnections } from './failing-connections.ts';
import { failingRotations } from './failing-rotations.ts';
import { failingSecrets } from './failing-secrets.ts';
import { failingSources } from './failing-sources.ts';
import { basic, type Stage } from './stage.ts';

export interface Failure {
  readonly name: string;
  /** The name of the error that it ends with; none: it succeeds, and what it gives is looked at. */
  readonly ends?: string;
  readonly run: (stage: Stage) => PromiseLike<unknown>;
}

const STATUSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  402: 'RequestFailedError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  407: 'ApiError',
  409: 'ConflictError',
  418: 'ApiError',
  429: 'RateLimitError',
  500: 'ServerError',
  502: 'ServerError',
  503: 'ServerError',
};

const statuses: Failure[] = Object.entries(STATUSES).map(([status, ends]) => ({
  name: `status ${status}`,
  ends,
  run: ({ reference, client }) => {
    reference.faults.add({ effect: 'status', status: Number(status) });
    return client().user.get();
  },
}));

const responses: Failure[] = [
  {
    name: 'an HTML page with status 200',
    ends: 'InvalidResponseError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'html' });
      return client().user.get();
    },
  },
  {
    name: 'an HTML page with status 502 that quotes the credential',
    ends: 'ServerError',
    run: ({ reference, client, credentials }) => {
      const headers = { 'content-type': 'text/html' };
      const body = `<html>${basic(credentials)} ${credentials.secret}</html>`;
      reference.faults.add({ effect: 'response', status: 502, headers, body });
      return client().user.get();
    },
  },
  {
    name: 'bad JSON',
    ends: 'InvalidResponseError',
    run: ({ reference, client, credentials }) => {
      reference.faults.add({
        effect: 'response',
        status: 200,
        body: `{"result": {"id": "${credentials.secret}`,
      });
      return client().user.get();
    },
  },
  {
    name: 'a response that misses its last brace',
    ends: 'InvalidResponseError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'wrong-json' });
      return client().accounts.list();
    },
  },
  {
    name: 'a schema mismatch whose value is the secret',
    ends: 'InvalidResponseError',
    run: ({ reference, client, credentials }) => {
      const body = JSON.stringify({
        result: { id: credentials.secret, [credentials.secret]: credentials.secret },
      });
      reference.faults.add({ effect: 'response', status: 200, body });
      return client().user.get();
    },
  },
  {
    name: 'a result override that throws what it reads',
    ends: 'InvalidResponseError',
    run: ({ reference, client, credentials }) => {
      reference.faults.add({
        effect: 'response',
        status: 200,
        body: JSON.stringify({ result: credentials.secret }),
      });
      const result = (value: unknown) => {
        throw new Error(String(value));
      };
      return client({ operations: { 'user.get': { result } } }).user.get();
    },
  },
  {
    name: 'a schema of the caller whose path is the secret',
    ends: 'InvalidResponseError',
    run: ({ client, credentials, reference }) => {
      reference.faults.add({
        effect: 'response',
        status: 200,
        body: JSON.stringify({ result: { [credentials.secret]: 1 } }),
      });
      const validate = (value: unknown) => ({ issues: [{ path: Object.keys(Object(value)) }] });
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
      return client().request({ path: '/user', schema });
    },
  },
  {
    name: 'a schema of the caller that throws what it reads',
    ends: 'InvalidResponseError',
    run: ({ client, credentials, reference }) => {
      reference.faults.add({
        effect: 'response',
        status: 200,
        body: JSON.stringify({ result: credentials.secret }),
      });
      const validate = (value: unknown) => {
        throw new Error(String(value));
      };
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
      return client().request({ path: '/user', schema });
    },
  },
  {
    name: 'a string error',
    ends: 'BadRequestError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'string-error' });
      return client().user.get();
    },
  },
  {
    name: 'an error inside a 200',
    ends: 'BadRequestError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'ok-with-error' });
      return client().user.get();
    },
  },
  {
    name: 'an error response that is too large, and quotes the credential all along',
    ends: 'ServerError',
    run: ({ reference, client, credentials }) => {
      const body = JSON.stringify({ error: { code: 500, message: `${credentials.secret} `.repeat(2000) } });
      reference.faults.add({ effect: 'response', status: 500, body });
      return client().user.get();
    },
  },
  {
    name: 'a redirect whose address holds the secret',
    ends: 'InvalidResponseError',
    run: ({ reference, client, credentials }) => {
      const location = `https://elsewhere.example/?k=${encodeURIComponent(credentials.secret)}`;
      reference.faults.add({ effect: 'redirect', location });
      return client().user.get();
    },
  },
  {
    name: 'a wrong key, asked for again',
    ends: 'AuthenticationError',
    run: ({ client, credentials, show }) => {
      const wrong = credentials.secret.split('').reverse().join('');
      const provider = async ({ reason } = { reason: 'first' }) => ({
        id: credentials.id,
        secret: reason === 'first' ? wrong : `${wrong}x`,
      });
      return client({ credentials: show(provider) }).user.get();
    },
  },
  {
    name: 'id and secret in the wrong order',
    ends: 'AuthenticationError',
    run: ({ client, credentials }) => {
      const id = credentials.secret.replaceAll(':', '');
      return client({ credentials: { id, secret: credentials.id } }).user.get();
    },
  },
  {
    name: 'a lock-out',
    ends: 'LockoutError',
    run: ({ client, credentials }) => client().apiKeys.regenerateSecret(credentials.id),
  },
  {
    name: 'a lock-out on deleting',
    ends: 'LockoutError',
    run: ({ client, credentials }) => client().apiKeys.delete(credentials.id),
  },
  {
    name: 'a date in the past',
    ends: 'ExpirationPolicyError',
    run: ({ client }) => client().apiKeys.create({ name: 'late', expiresAt: new Date(0) }),
  },
  {
    name: 'a header of the caller that cannot be sent and holds the secret',
    ends: 'TypeError',
    run: ({ client, credentials }) =>
      client().user.get({ headers: { 'x-api-key': `a\n${credentials.secret}` } }),
  },
  {
    name: 'a header of the caller that would replace ours',
    ends: 'TypeError',
    run: ({ client, credentials }) => client().user.get({ headers: { Authorization: basic(credentials) } }),
  },
  {
    name: 'a path that leaves the API, with the secret in it',
    ends: 'TypeError',
    run: ({ client, credentials }) =>
      client().request({ path: `https://${credentials.secret}@elsewhere.example/` }),
  },
];

/** All of them, echoes last: there are many of those, one for each encoding. */
export const failures: readonly Failure[] = [
  ...statuses,
  ...responses,
  ...failingConnections,
  ...failingSources,
  ...failingSecrets,
  ...failingRotations,
  ...failingCommands,
];

export const echoFailures: readonly Failure[] = echoes;
