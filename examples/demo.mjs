// The whole story in one minute: keys and policy over real HTTP, against the reference implementation on a port of this
// machine. Every step checks what it says; the first that does not hold ends the demo with exit code 1.
// Run it with `npm run demo`.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuthenticationError,
  BadRequestError,
  BlazeMeterClient,
  ExpirationPolicyError,
  PermissionDeniedError,
  RequestSigner,
} from 'blazemeter-client';
import { fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
import { createReference, listen } from 'blazemeter-client/testing';
import { createTelling } from './demo/telling.mjs';

const tell = createTelling();
const day = (date) => date.toISOString().slice(0, 10);

/** Ends the demo where something is not as the story says. */
function check(holds, what) {
  if (!holds) throw new Error(`it does not hold that ${what}`);
}

/** The error that a call ends in, which must be of this class. */
async function refused(call, kind) {
  const error = await call.then(
    () => undefined,
    (reason) => reason,
  );
  check(error instanceof kind, `this ends in ${kind.name}`);
  return error;
}

async function story(reference, server, folder) {
  const { keys, accounts } = reference.seed();
  const secrets = Object.values(keys).map((key) => key.secret);
  const clientOf = (credentials) =>
    new BlazeMeterClient({ credentials, baseUrl: server.url, fetch: tell.fetch, logLevel: 'off' });

  tell.title('blazemeter-client: API keys and their expiration policy');
  tell.say(`The reference implementation listens on ${server.url}.`);
  tell.say('It stands in for BlazeMeter: nothing here leaves this machine, and no key is real.');
  tell.say('-> is what was sent, <- what came back (excerpts), = what it means.');

  const keyFile = join(folder, 'api-key.json');
  await writeKeyFile(keyFile, keys.owner);
  tell.say(`The owner's credentials are in ${keyFile}, in the form that BlazeMeter users keep them.`);
  const owner = clientOf(fromKeyFile(keyFile));

  tell.step('Who am I? Ask with the key in api-key.json.');
  const me = await owner.user.get();
  check(me.id === keys.owner.userId, 'the user is the one whose key it is');
  tell.result(`I am ${me.displayName}, and work in the account "${me.defaultProject.accountName}".`);

  tell.step('Create a key for CI that expires in 3 months.');
  const {
    apiKey,
    secret: first,
    clamped,
  } = await owner.apiKeys.create({ name: 'ci', expiresIn: '3 months' });
  secrets.push(first.reveal());
  const lifetime = (apiKey.expiresAt - apiKey.createdAt) / 86_400_000;
  check(Math.abs(lifetime - 90) < 0.01 && !clamped, 'the key lives for 90 days');
  tell.result(`The key ${apiKey.id} expires on ${day(apiKey.expiresAt)}.`);
  tell.result(`console.log(secret) prints ${first}; only secret.reveal() returns the text.`);

  tell.step('List my keys: only the response to the create holds the secret.');
  const listed = [];
  for await (const key of owner.apiKeys.list()) listed.push(key);
  check(
    listed.some((key) => key.id === apiKey.id),
    'the list holds the new key',
  );
  tell.result(`${listed.length} keys: ${listed.map((key) => key.name).join(', ')}.`);

  tell.step('Sign a raw request with the new key, for an HTTP client of your own.');
  const signer = new RequestSigner({ id: apiKey.id, secret: first }, { origins: [server.url] });
  const signed = await signer.sign(new Request(`${server.url}/user`));
  const raw = await tell.fetch(signed);
  check(raw.status === 200 && (await raw.json()).result.id === me.id, 'the signed request is let in');
  tell.result(
    'The signed copy carries "authorization: Basic [secret]" and follows no redirect: the new key works.',
  );

  tell.step('Regenerate its secret. The id and the expiry stay.');
  const { apiKey: same, secret: second } = await owner.apiKeys.regenerateSecret(apiKey.id);
  secrets.push(second.reveal());
  check(same.id === apiKey.id && !second.equals(first), 'the secret is new and the id is not');
  const ci = clientOf({ id: apiKey.id, secret: second, expiresAt: apiKey.expiresAt });
  await ci.user.get();
  tell.result('The same key, a new secret; and it works.');

  tell.step('The old secret is refused.');
  const old = await refused(clientOf({ id: apiKey.id, secret: first }).user.get(), AuthenticationError);
  check(old.status === 401 && old.attempts === 1, 'it is a 401, and was tried once');
  tell.result(`${old.name}: ${old.message}`);

  tell.step('A member of the account may not limit the expiration of keys...');
  const oneMonth = { maximum: '1 month' };
  const member = clientOf(keys.member);
  const denied = await refused(
    member.accounts.apiKeyPolicy.set(accounts.main.id, oneMonth),
    PermissionDeniedError,
  );
  tell.result(`${denied.name}: ${denied.message}`);

  tell.step('... but its owner may: 1 month for all members. The client reads the value back.');
  const policy = await owner.accounts.apiKeyPolicy.set(accounts.main.id, oneMonth);
  check(policy.maximumDays === 30, 'the maximum is 30 days');
  tell.result(`The maximum is now ${policy.maximum}, ${policy.maximumDays} days.`);

  tell.step('A key of 3 months is refused now, before anything is sent, with the reason...');
  const before = tell.sent;
  const wanted = { name: 'ci-2', expiresIn: '3 months' };
  const early = await refused(owner.apiKeys.create(wanted), ExpirationPolicyError);
  check(tell.sent === before && early.maximumDays === 30, 'nothing was sent and the reason is the maximum');
  tell.say('-- nothing sent', 4);
  tell.result(`${early.name}: ${early.message}`);

  tell.step('... and by the server, if a client has not read the policy.');
  const late = await refused(clientOf(keys.owner).apiKeys.create(wanted), BadRequestError);
  check(late.message.includes('30 days'), 'the server names the maximum');
  tell.result(`${late.name}: ${late.message}`);

  tell.step('Let 91 days pass on the clock of the reference: the key for CI has expired.');
  reference.clock.advance({ days: 91 });
  const expired = await refused(ci.user.get(), AuthenticationError);
  check(expired.message.includes('most likely expired'), 'the client names the likely cause');
  tell.result(`It is ${day(reference.clock.now())}. ${expired.name}: ${expired.message}`);

  tell.step('Delete it.');
  await owner.apiKeys.delete(apiKey.id);
  const left = [];
  for await (const key of owner.apiKeys.list()) left.push(key.id);
  check(!left.includes(apiKey.id), 'the list no longer holds the key');
  tell.result(`${left.length} key is left: the one in api-key.json.`);

  check(!tell.hasTold(secrets), 'no secret was printed');
  tell.title(`Done. ${tell.sent} requests, ${secrets.length} secrets, none of them on this screen.`);
}

const folder = await mkdtemp(join(tmpdir(), 'blazemeter-demo-'));
const reference = createReference();
const server = await listen(reference);
try {
  await story(reference, server, folder);
} catch (error) {
  tell.failure(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  await server.close();
  await rm(folder, { recursive: true, force: true });
}
