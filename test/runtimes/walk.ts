// A walk through every entry point that a web page or an edge worker can open: nothing here, and nothing that it leads to, may
// need more than the web's own standards. It throws where something is not as it should be.

import {
  AuthenticationError,
  BlazeMeterClient,
  isBlazeMeterError,
  RequestSigner,
  Secret,
} from 'blazemeter-client';
import { audit } from 'blazemeter-client/audit';
import { adopt, fromStore, memoryStore, resume, rotate } from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';

function must(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(`It does not hold that ${sentence}.`);
}

/** Walks, and gives the number of things that were looked at. */
export async function walk(): Promise<number> {
  let looked = 0;
  const holds = (condition: boolean, sentence: string) => {
    must(condition, sentence);
    looked += 1;
  };
  const reference = createReference();
  const { keys, accounts } = reference.seed();
  const client = new BlazeMeterClient({
    credentials: keys.owner,
    fetch: reference.fetch,
    dangerouslyAllowBrowser: true,
    logLevel: 'off',
  });

  const user = await client.user.get();
  holds(user.id > 0, 'the owner has an id');
  const made = await client.apiKeys.create({ name: 'walk', expiresIn: '1 month' });
  holds(made.secret instanceof Secret, 'a new secret is a Secret');
  holds(JSON.stringify(made).includes('[secret]'), 'a secret is not shown as JSON');
  const credentials = { id: made.apiKey.id, secret: made.secret };
  const again = await client.apiKeys.regenerateSecret(made.apiKey.id);
  const refused = await client
    .withOptions({ credentials })
    .user.get()
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  holds(refused instanceof AuthenticationError, 'the secret before is refused');
  holds(isBlazeMeterError(refused), 'the refusal is an error of this library');

  const signer = new RequestSigner(
    { id: again.apiKey.id, secret: again.secret },
    { dangerouslyAllowBrowser: true },
  );
  const request = new Request('https://a.blazemeter.com/api/v4/user');
  const signed = await signer.sign(request);
  holds(!request.headers.has('authorization'), 'the request that was given is untouched');
  holds((await reference.fetch(signed)).status === 200, 'the signed copy is accepted');

  let listed = 0;
  for await (const key of client.apiKeys.list()) listed += key.name === '' ? 0 : 1;
  holds(listed >= 2, 'a list can be iterated');
  await client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: '3 months' });
  const { maximumDays } = await client.accounts.apiKeyPolicy.get(accounts.main.id);
  holds(maximumDays === 90, 'the maximum is as it was set');

  const store = memoryStore();
  await adopt(client, { store, name: 'walk', credentials: { id: again.apiKey.id, secret: again.secret } });
  const report = await rotate(client, { store, reason: 'schedule', drain: { hours: 1 } });
  holds(report.phase === 'draining', 'a rotation waits for its drain');
  const reader = client.withOptions({ credentials: fromStore(store) });
  holds((await reader.user.get()).id === user.id, 'a reader signs with the new credentials');
  reference.clock.advance({ hours: 2 });
  holds((await resume(client, { store })).phase === 'idle', 'a rotation comes to its end');

  const { findings } = await audit(client);
  holds(Array.isArray(findings), 'an audit has findings');
  await client.apiKeys.delete(report.keyId);
  return looked;
}
