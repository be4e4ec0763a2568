// What if the real service is not as we assume? Each shape below is one way in which it may differ. Without an
// override no secret is lost and the error names the operation definition; with it overridden the call works.
import { inspect } from 'node:util';
import { BlazeMeterClient, isBlazeMeterError, UndeliveredSecretError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { creates } from './assumptions/creates.ts';
import { policies } from './assumptions/policies.ts';
import { regenerates } from './assumptions/regenerates.ts';
import { type Served, type Shape, serve } from './assumptions/service.ts';

/** Does what the shape is about, and says which secret it got, if that is what it is about. */
async function call(served: Served, client: BlazeMeterClient, shape: Shape): Promise<string | undefined> {
  if (shape.about === 'create') {
    const made = await client.apiKeys.create({ name: 'nightly', expiresIn: '3 months' });
    expect(made.apiKey.name).toBe('nightly');
    expect(made.apiKey.id).toBe(served.lastKeyId());
    return made.secret.reveal();
  }
  if (shape.about === 'regenerate') {
    const { apiKey, secret } = await client.apiKeys.regenerateSecret(served.otherKeyId);
    expect(apiKey.id).toBe(served.otherKeyId);
    return secret.reveal();
  }
  await client.accounts.apiKeyPolicy.set(served.accountId, { maximum: '3 months' });
  const policy = await client.accounts.apiKeyPolicy.get(served.accountId);
  expect(policy.maximumDays).toBe(90);
  return undefined;
}

function connect(served: Served, shape?: Shape): BlazeMeterClient {
  const { credentials, fetch } = served;
  const operations = shape?.override;
  return new BlazeMeterClient({ credentials, fetch, logLevel: 'off', ...(operations && { operations }) });
}

const shapes = [...creates, ...regenerates, ...policies];

for (const shape of shapes) {
  describe(`${shape.about}: ${shape.name}`, () => {
    it('without an override no secret is lost, and the error names the operation', () =>
      withoutOverride(shape));
    it('with that operation overridden it works', () => withOverride(shape));
  });
}

async function withoutOverride(shape: Shape): Promise<void> {
  const served = serve(shape);
  const outcome: unknown = await call(served, connect(served), shape).catch((error: unknown) => error);
  const issued = served.issued();
  if (shape.without === 'works') {
    expect(outcome).toBe(issued.at(-1));
    return;
  }
  if (!isBlazeMeterError(outcome)) throw new Error(`It ended with ${String(outcome)}.`);
  expect(outcome.name).toBe(shape.without);
  expect(outcome.message).toContain(shape.definition);
  expect(outcome.message).toContain('operations');
  // A secret that was issued is in the error, and nowhere else on it.
  const kept = 'newSecret' in outcome ? outcome.newSecret?.reveal() : undefined;
  expect(issued.length).toBe(kept === undefined ? 0 : 1);
  if (kept === undefined) return;
  const [truth = ''] = issued;
  if (outcome instanceof UndeliveredSecretError) expect(kept).toBe(truth);
  else expect(kept).toContain(truth);
  expect(`${JSON.stringify(outcome)} ${outcome.stack} ${inspect(outcome)}`).not.toContain(truth.slice(-8));
}

async function withOverride(shape: Shape): Promise<void> {
  const served = serve(shape);
  const secret = await call(served, connect(served, shape), shape);
  expect(secret).toBe(served.issued().at(-1));
}

it('there are enough shapes', () => {
  expect(shapes.length).toBeGreaterThanOrEqual(30);
});
