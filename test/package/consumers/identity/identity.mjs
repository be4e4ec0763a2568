// Two copies of the package, each in both builds, in one program. Prints what each makes of the others' errors, secrets,
// providers and stores.

import { createRequire } from 'node:module';

const load = async (project) => {
  const require = createRequire(new URL(`../../${project}/x.js`, import.meta.url));
  const folder = new URL(`../../${project}/node_modules/blazemeter-client/dist/`, import.meta.url);
  const entryPoints = ['index', 'node', 'rotation', 'audit', 'testing'];
  const [main, node, rotation, audit, testing] = await Promise.all(
    entryPoints.map((entryPoint) => import(new URL(`${entryPoint}.js`, folder))),
  );
  return {
    [`${project} import`]: { main, node, rotation, audit, testing },
    [`${project} require`]: {
      main: require('blazemeter-client'),
      node: require('blazemeter-client/node'),
      rotation: require('blazemeter-client/rotation'),
      audit: require('blazemeter-client/audit'),
      testing: require('blazemeter-client/testing'),
    },
  };
};

const copies = { ...(await load('app')), ...(await load('second')) };
const pairs = Object.entries(copies).flatMap(([by, maker]) =>
  Object.entries(copies).map(([to, judge]) => ({ pair: `${by} -> ${to}`, maker, judge })),
);

const isErrorClass = ([, value]) => typeof value === 'function' && value.prototype instanceof Error;
const errorNames = Object.entries(copies['app import'].main)
  .filter(isErrorClass)
  .map(([name]) => name);

/** Whether every error of the maker is to the judge what it is to the maker: its own class, its parents, no other. */
function errorsAgree(maker, judge) {
  const differing = [];
  for (const made of errorNames) {
    const error = Object.create(maker.main[made].prototype);
    if (!judge.main.isBlazeMeterError(error)) differing.push(`isBlazeMeterError(${made})`);
    for (const asked of errorNames) {
      const related = made === asked || maker.main[made].prototype instanceof maker.main[asked];
      if (error instanceof judge.main[asked] !== related) differing.push(`${made} instanceof ${asked}`);
    }
  }
  return differing;
}

/** A refusal that really happened, seen by the judge. */
async function refusalIsKnown(maker, judge) {
  const reference = maker.testing.createReference();
  const client = new maker.main.BlazeMeterClient({ credentials: 'no-id:no-secret', fetch: reference.fetch });
  const error = await client.user.get().catch((thrown) => thrown);
  const { AuthenticationError, ApiError, BlazeMeterError, NotFoundError, isBlazeMeterError } = judge.main;
  return (
    error instanceof AuthenticationError &&
    error instanceof ApiError &&
    error instanceof BlazeMeterError &&
    error instanceof Error &&
    !(error instanceof NotFoundError) &&
    isBlazeMeterError(error)
  );
}

/** A secret of the maker, in the judge's hands. */
async function secretWorks(maker, judge) {
  const reference = maker.testing.createReference();
  const { owner } = reference.seed().keys;
  const secret = maker.main.Secret.from(owner.secret);
  const client = new judge.main.BlazeMeterClient({
    credentials: { id: owner.id, secret },
    fetch: reference.fetch,
  });
  const { email } = await client.user.get();
  const taken = judge.main.Secret.from(secret);
  return (
    email !== null &&
    secret instanceof judge.main.Secret &&
    judge.main.Secret.isSecret(secret) &&
    taken.equals(secret) &&
    secret.equals(taken) &&
    !taken.equals(`${owner.secret}0`)
  );
}

/** A provider of the maker asked by the judge's client and signer; a refusing one reported as its own. */
async function providerWorks(maker, judge) {
  const reference = maker.testing.createReference();
  const { owner } = reference.seed().keys;
  const env = { BLAZEMETER_API_KEY_ID: owner.id, BLAZEMETER_API_KEY_SECRET: owner.secret };
  const credentials = maker.node.fromEnvironment({ env });
  const client = new judge.main.BlazeMeterClient({ credentials, fetch: reference.fetch });
  const { items } = await client.apiKeys.list();
  const signer = new judge.main.RequestSigner(credentials);
  const { authorization } = await signer.headers('https://a.blazemeter.com/api/v4/user');
  const empty = maker.node.fromEnvironment({ env: {} });
  const lost = new judge.main.BlazeMeterClient({ credentials: empty, fetch: reference.fetch });
  const error = await lost.user.get().catch((thrown) => thrown);
  return (
    items.length === 1 &&
    authorization.startsWith('Basic ') &&
    error instanceof judge.main.CredentialsError &&
    error instanceof maker.main.CredentialsError
  );
}

/** A client, a store and a record of the maker, rotated and audited by the judge; a conflict known by both. */
async function rotationWorks(maker, judge) {
  const reference = maker.testing.createReference();
  const { owner } = reference.seed().keys;
  const client = new maker.main.BlazeMeterClient({ credentials: owner, fetch: reference.fetch });
  const store = maker.rotation.memoryStore();
  await maker.rotation.adopt(client, { store, name: 'shared', credentials: owner });
  const { phase } = await judge.rotation.rotate(client, {
    store,
    reason: 'schedule',
    drain: { hours: 1 },
  });
  const reader = client.withOptions({ credentials: judge.rotation.fromStore(store) });
  const { findings } = await judge.audit.audit(reader);
  const { record } = await store.read();
  const conflict = await store.write(record, { ifMatch: null }).catch((thrown) => thrown);
  const held = await judge.rotation.memoryStore().write(record, { ifMatch: null });
  return (
    phase === 'draining' &&
    Array.isArray(findings) &&
    conflict instanceof judge.rotation.StoreConflictError &&
    conflict instanceof judge.main.StoreConflictError &&
    !(conflict instanceof judge.rotation.RotationError) &&
    judge.main.isBlazeMeterError(conflict) &&
    judge.main.Secret.isSecret(record.current.secret) &&
    typeof held.etag === 'string'
  );
}

const facts = await Promise.all(
  pairs.map(async ({ pair, maker, judge }) => ({
    pair,
    apart: maker.main.BlazeMeterError !== judge.main.BlazeMeterError,
    errorsDiffer: errorsAgree(maker, judge),
    refusal: await refusalIsKnown(maker, judge),
    secret: await secretWorks(maker, judge),
    provider: await providerWorks(maker, judge),
    rotation: await rotationWorks(maker, judge),
  })),
);
console.log(JSON.stringify({ errorNames, facts }));
