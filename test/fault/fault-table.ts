// Every failure on every operation, over real sockets: how the call ends, what was sent, how long it took and what it
// leaves behind. The table of what was seen is printed at the end; a cell that was not played is `-`.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  AmbiguousOutcomeError,
  BlazeMeterError,
  ConnectionError,
  RateLimitError,
  RequestTimeoutError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { Agent, buildConnector } from 'undici';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { awayFromTurn } from '../support/turn.ts';
import { type TriedOperation, tried } from './support/operations.ts';
import { type ConnectFailure, type Row, table } from './support/table.ts';
import { assertNoListeners, bound, TimerWatch, watchHandles } from './support/watch.ts';
import { clientOf, makeWorld, spoiledServer } from './support/world.ts';

const TOTAL_TIMEOUT = 20_000;
type Column = (typeof tried)[number]['name'];

const expectedCell = (
  { safe, policy = safe, create, other, self, delete: gone }: Row['once'],
  column: Column,
) =>
  ({
    'user.get': safe,
    'accounts.list': safe,
    'apiKeys.list': safe,
    'apiKeyPolicy.set': policy,
    'apiKeys.create': create,
    'regenerate (other)': other,
    'regenerate (self)': self,
    'apiKeys.delete': gone,
  })[column];

/** How a call ended, in the words of the table. */
function ending(error: unknown): string {
  if (!(error instanceof BlazeMeterError)) return `foreign ${String(error)}`;
  if (error instanceof ConnectionError) return `${error.name}(${error.reason})`;
  if (error instanceof RequestTimeoutError) return `${error.name}(${error.scope})`;
  return error.name;
}

/** Connections that fail before a byte is sent; the operating system says so, or its resolver. */
function failingConnections(failure: ConnectFailure, armed: () => boolean) {
  const connect = buildConnector({});
  const unknown = buildConnector({
    lookup: (_host, _options, callback) =>
      callback(
        Object.assign(new Error(`getaddrinfo ${failure}`), { code: failure, syscall: 'getaddrinfo' }),
        '',
      ),
  });
  return new Agent({
    connect: (options, callback) => {
      if (!armed()) connect(options, callback);
      // No process listens on port 1 of this machine.
      else if (failure === 'ECONNREFUSED') connect({ ...options, port: '1' }, callback);
      else unknown({ ...options, hostname: 'blazemeter.invalid' }, callback);
    },
  });
}

interface Seen {
  readonly failure: string;
  readonly column: Column;
  readonly lasting: boolean;
  readonly cell: string;
  /** Connections that could not be made. */
  readonly failed: number;
}
const seen: Seen[] = [];
let timers: TimerWatch;
let assertNoHandles: () => Promise<void>;

const { random } = Math;
beforeAll(() => {
  // The jitter is not what is tested here: the waits are a fiftieth of their bound, so that the suite need not.
  Math.random = () => 0.02;
  assertNoHandles = watchHandles();
  timers = new TimerWatch();
});
afterAll(async () => {
  Math.random = random;
  timers.end();
  assert.ok(timers.started > 500, 'the watch over timers saw none');
  await assertNoHandles();
  print();
});

async function run(row: Row, operation: TriedOperation & { name: Column }, lasting: boolean) {
  const world = makeWorld();
  const connectFailure = typeof row.fault === 'string' ? row.fault : undefined;
  const server = await spoiledServer(world.reference, { keepAlive: connectFailure === undefined });
  let armed = false;
  let opened = 0;
  let failed = 0;
  const agent =
    connectFailure === undefined
      ? new Agent()
      : failingConnections(connectFailure, () => {
          if (!armed || ++opened <= operation.preparations || (!lasting && failed > 0)) return false;
          failed += 1;
          return true;
        });
  const totalTimeout = row.options?.totalTimeout ?? TOTAL_TIMEOUT;
  const client = clientOf(world, server.baseUrl, {
    totalTimeout,
    ...row.options,
    fetchOptions: { dispatcher: agent },
  });
  const caller = new AbortController();
  try {
    // So that a create knows the time of the server, and its own request is the only one of the call.
    await client.user.get();
    server.spoil(operation.target, typeof row.fault === 'string' ? undefined : row.fault, !lasting);
    armed = true;
    if (row.collect !== true) await awayFromTurn();

    const time = bound(totalTimeout);
    const outcome = await operation.call(client, world, { signal: caller.signal }).then(
      () => ({ error: undefined }),
      (error: unknown) => ({ error }),
    );
    const late = time.late();

    const { error } = outcome;
    const cell = `${error === undefined ? 'ok' : ending(error)} ${server.sends}`;
    seen.push({ failure: row.failure, column: operation.name, lasting, cell, failed });
    assert.equal(
      cell,
      expectedCell(lasting ? row.lasting : row.once, operation.name),
      `${operation.name}: ${describeError(error)}`,
    );
    assert.ok(late <= 100, `it went on for ${late} ms after its ${totalTimeout} ms`);
    assertNoListeners(caller.signal);

    if (error instanceof ConnectionError) {
      assert.equal(error.mayHaveBeenSent, connectFailure === undefined);
      const again = connectFailure !== 'ENOTFOUND';
      assert.equal(error.attempts, again ? 2 : 1);
      if (connectFailure !== undefined) assert.equal(failed, error.attempts, 'connections that were tried');
    }
    if (error instanceof RateLimitError && row.failure.endsWith('86400'))
      assert.equal(error.retryAfterMs, 86_400_000);
    if (error instanceof UndeliveredSecretError)
      assert.ok(error.newSecret.equals(server.newestSecret ?? ''), 'the error carries the secret that works');

    server.heal();
    armed = false;
    // (What resolves has the time of a call, too.)
    if (error instanceof AmbiguousOutcomeError && operation.id === 'apiKeys.create' && totalTimeout > 1_000) {
      const made = (await client.apiKeys.list()).items.some(({ name }) => name === 'nightly');
      const { outcome: resolved } = await error.resolve();
      assert.equal(resolved, made ? 'committed' : 'not-committed');
    }
    // Whatever went well, the client goes on with the credentials that works now.
    if (error === undefined) await client.user.get();
  } finally {
    // Only done when no request is under way any more: what a call leaves open would hang here.
    await agent.close();
    await server.assertNoConnections();
    await server.close();
  }
}

const describeError = (error: unknown) =>
  error instanceof Error ? `${error.message} <- ${String(error.cause)}` : 'it went well';

/** Two lines per failure: each operation, when it lasts and when it happens once. */
function print(): void {
  const columns = tried.map(({ name }) => name);
  const lines = [['failure', 'lasts', ...columns]];
  for (const { failure } of table)
    for (const lasting of [true, false]) {
      const of = (column: Column) =>
        seen.find((one) => one.failure === failure && one.column === column && one.lasting === lasting);
      lines.push([failure, lasting ? 'always' : 'once', ...columns.map((column) => readable(of(column)))]);
    }
  const widths = lines[0]?.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0))) ?? [];
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  console.log(`Failure x operation -> how it ended, requests sent, retried or not\n\n${text.join('\n')}\n`);
}

function readable(one: Seen | undefined): string {
  if (one === undefined) return '-';
  const [name = '', sends = ''] = one.cell.split(/ (?=\d+$)/);
  const retried = Number(sends) + one.failed > 1;
  return `${name}, ${sends} sent${retried ? ', retried' : ''}`;
}

/** Forces collections during the first third of a second: by then every request of a row is stalled. */
async function collecting<T>(running: Promise<T>): Promise<T> {
  const { gc } = globalThis;
  assert.ok(gc, 'run with --expose-gc');
  for (let times = 0; times < 4; times++) {
    await pause(80);
    gc();
  }
  return running;
}

/** Whether a failure that lasts is played, one that happens once, or both. */
type Cells = (row: number, operation: number) => readonly boolean[];

export function faultTable(cellsOf: Cells): void {
  describe.each(table.map((row, at) => ({ ...row, at })))('$failure', (row) => {
    const cells = tried.flatMap((operation, at) =>
      cellsOf(row.at, at).map((lasting) => ({ operation, lasting, name: operation.name })),
    );
    if (row.collect === true) {
      // A collection stops everything, so the cells of a row share theirs.
      it('every operation, lasting and once', () =>
        collecting(Promise.all(cells.map(({ operation, lasting }) => run(row, operation, lasting)))));
    } else {
      it.concurrent.each(cells)('$name, lasting: $lasting', ({ operation, lasting }) =>
        run(row, operation, lasting),
      );
    }
    afterAll(() => timers.assertNone());
  });
}
