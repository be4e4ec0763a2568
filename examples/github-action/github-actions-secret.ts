// A secret of GitHub Actions as a sink. It holds `id:secret` as one text: two secrets cannot be changed at the same
// moment, and a job that starts in between would get the id of one key with the secret of another.
import type { SecretSink } from 'blazemeter-client/rotation';
import { type GitHub, githubCall } from './github-api.ts';
import { refusal } from './refusal.ts';
import { seal } from './sealed-box.ts';

export interface GitHubSecret extends GitHub {
  /** The secret's name, such as `BZ_TOKEN`. */
  readonly name: string;
  /** A variable that gets the key's id after the secret was written: an id is not confidential. */
  readonly idVariable?: string | undefined;
  /** For an organisation, whose secrets state it with every write: `{ visibility: 'all' }` and the like. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** GitHub gets the secret sealed with the public key that it names. */
export function githubActionsSecret(options: GitHubSecret): SecretSink {
  const { scope, name, idVariable, more } = options;
  for (const one of [name, idVariable ?? name])
    if (!/^(?!GITHUB_)[A-Z_][A-Z0-9_]*$/i.test(one))
      throw refusal('This is no name of a GitHub secret or variable.');
  const variable = idVariable === undefined ? undefined : `variables/${idVariable}`;
  const publicKey = async (signal: AbortSignal) => {
    const { key_id, key } = await githubCall(options, 'GET', 'secrets/public-key', { signal });
    if (typeof key_id !== 'string' || typeof key !== 'string') throw refusal('No public key came.');
    return { key_id, key };
  };
  return {
    name: `secret ${name} of ${scope}`,
    // Whether the token may write is not to be learned without writing. That it may read is, and GITHUB_TOKEN may not.
    async probe({ signal }) {
      await publicKey(signal);
      const { updated_at } = await githubCall(options, 'GET', `secrets/${name}`, {
        signal,
        missing: true,
      });
      const since = typeof updated_at === 'string' ? { since: new Date(updated_at) } : {};
      if (variable === undefined) return since;
      const { value } = await githubCall(options, 'GET', variable, { signal, missing: true });
      return { ...since, keyId: typeof value === 'string' ? value : null };
    },
    async put({ id, secret }, { signal }) {
      const { key_id, key } = await publicKey(signal);
      const json = { ...more, encrypted_value: seal(`${id}:${secret.reveal()}`, key), key_id };
      await githubCall(options, 'PUT', `secrets/${name}`, { signal, json });
      if (variable === undefined) return;
      const note = { name: idVariable, value: id };
      const { gone } = await githubCall(options, 'PATCH', variable, { signal, json: note, missing: true });
      if (gone) await githubCall(options, 'POST', 'variables', { signal, json: note });
    },
  };
}
