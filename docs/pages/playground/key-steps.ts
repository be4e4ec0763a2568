// What is done with keys: generate, list, sign, regenerate, delete.

import { RequestSigner } from 'blazemeter-client';
import { type Action, type Choice, choices } from './actions.ts';
import { literal } from './code.ts';
import { clientAs, day, good, issued, type Told, tried, who } from './outcome.ts';
import type { World } from './world.ts';

const URL_OF_USER = 'https://a.blazemeter.com/api/v4/user';

const keyCode = (world: World, number: number): string => {
  const key = world.key(number);
  const copy = world.view.copies.find(({ id }) => id === key?.id);
  return copy === undefined ? literal(key?.id ?? 'no-such-key') : `${copy.code}.id`;
};

function period(choice: Choice<'period'>): string {
  return literal(choice === 'max' ? 'max' : choices.period[choice]);
}

export function generate(
  world: World,
  action: Extract<Action, { do: 'generate' }>,
  n: number,
): Promise<Told> {
  const { name, first } = action;
  const copy = world.copy(action.pair);
  const expiresIn = action.period === 'max' ? 'max' : choices.period[action.period];
  const pair = world.nextCopy;
  const call = `apiKeys.create({ name: ${literal(name)}, expiresIn: ${period(action.period)} })`;
  const client = first ? `client${n}` : `as(${copy.code})`;
  const read = first
    ? `const client${n} = as(${copy.code});\nfor await (const { id } of client${n}.accounts.list()) await client${n}.accounts.apiKeyPolicy.get(id);\n`
    : '';
  return tried(
    `${who(world, action.pair)}: generate the key “${name}”`,
    world,
    n,
    (went) =>
      went
        ? `${read}const made${n} = await ${client}.${call};\nconst ${pair} = { id: made${n}.apiKey.id, secret: made${n}.secret };\nconsole.log(made${n}.apiKey.id, \`\${made${n}.secret}\`); // the secret shows itself as [secret]`
        : `${read}await ${client}.${call};`,
    async () => {
      const client = clientAs(copy, world);
      if (first)
        for await (const { id } of client.accounts.list()) await client.accounts.apiKeyPolicy.get(id);
      const { apiKey, secret, clamped, boundBy } = await client.apiKeys.create({ name, expiresIn });
      const bound =
        boundBy === undefined ? [] : [`Bound by account ${boundBy.accountId}: ${boundBy.maximumDays} days.`];
      return issued(
        world,
        { id: apiKey.id, secret },
        good(`The key ${apiKey.id} was made.`, [
          `It runs out on ${day(apiKey.expiresAt)}.`,
          ...(clamped ? ['The service gave it a shorter life than was asked for (clamped).'] : []),
          ...bound,
        ]),
      );
    },
  );
}

export function list(world: World, action: Extract<Action, { do: 'list' }>, n: number): Promise<Told> {
  const copy = world.copy(action.pair);
  return tried(
    `${who(world, action.pair)}: list the keys`,
    world,
    n,
    (went) =>
      went
        ? `for await (const key of as(${copy.code}).apiKeys.list()) console.log(key.name, key.expiresAt);`
        : `await as(${copy.code}).apiKeys.list();`,
    async () => {
      const lines: string[] = [];
      for await (const key of clientAs(copy, world).apiKeys.list())
        lines.push(`${key.name} (${key.id}), runs out on ${day(key.expiresAt)}`);
      return good(`${lines.length} ${lines.length === 1 ? 'key' : 'keys'}, and not one secret.`, lines);
    },
  );
}

export async function sign(world: World, action: Extract<Action, { do: 'sign' }>, n: number): Promise<Told> {
  const copy = world.copy(action.pair);
  const label = world.view.copies[action.pair];
  const { authorization } = await new RequestSigner({ id: copy.id, secret: copy.secret }).headers(
    URL_OF_USER,
  );
  const call = `await as(${copy.code}).user.get()`;
  const told = await tried(
    `Sign a request with ${label?.person == null ? 'a wrong pair' : `“${label.keyName}”, secret ${label.nth}`}`,
    world,
    n,
    (went) =>
      `const header${n} = await new RequestSigner(${copy.code}).headers('${URL_OF_USER}');\n${
        went ? `console.log((${call}).displayName);` : `${call};`
      }`,
    async () => {
      const { data, attempts } = await clientAs(copy, world).user.get().withResponse();
      return good(`Let in as ${data.displayName}.`, attempts > 1 ? [`It took ${attempts} attempts.`] : []);
    },
  );
  return {
    ...told,
    outcome: { ...told.outcome, header: { authorization, id: copy.id, secret: copy.secret } },
  };
}

export function regenerate(
  world: World,
  action: Extract<Action, { do: 'regenerate' }>,
  n: number,
): Promise<Told> {
  const copy = world.copy(action.pair);
  const key = world.key(action.key);
  const pair = world.nextCopy;
  const self = action.self ? ', { allowSelf: true }' : '';
  const call = `await as(${copy.code}).apiKeys.regenerateSecret(${keyCode(world, action.key)}${self});`;
  return tried(
    `${who(world, action.pair)}: give the key “${key?.name ?? 'unknown'}” a new secret`,
    world,
    n,
    (went) =>
      went
        ? `const made${n} = ${call}\nconst ${pair} = { id: made${n}.apiKey.id, secret: made${n}.secret };`
        : call,
    async () => {
      const made = await clientAs(copy, world).apiKeys.regenerateSecret(key?.id ?? 'no-such-key', {
        allowSelf: action.self,
      });
      return issued(
        world,
        { id: made.apiKey.id, secret: made.secret },
        good(`The key ${made.apiKey.id} has a new secret.`, [
          `It runs out on ${day(made.apiKey.expiresAt)}.`,
        ]),
      );
    },
  );
}

export function remove(world: World, action: Extract<Action, { do: 'delete' }>, n: number): Promise<Told> {
  const copy = world.copy(action.pair);
  const key = world.key(action.key);
  const self = action.self ? ', { allowSelf: true }' : '';
  return tried(
    `${who(world, action.pair)}: delete the key “${key?.name ?? 'unknown'}”`,
    world,
    n,
    () => `await as(${copy.code}).apiKeys.delete(${keyCode(world, action.key)}${self});`,
    async () => {
      await clientAs(copy, world).apiKeys.delete(key?.id ?? 'no-such-key', { allowSelf: action.self });
      return good(`The key ${key?.id ?? ''} is gone.`);
    },
  );
}
