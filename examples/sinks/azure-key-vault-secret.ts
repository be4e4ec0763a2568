// A secret of Azure Key Vault as a sink: a new version of it for each rotation, `id:secret`, with the key's id,
// the record and the epoch as tags, and the key's expiry. By the tags it refuses credentials older than those in the vault.
import type { SecretSink } from 'blazemeter-client/rotation';
import { refusal, refused, safeUrl } from './refusal.ts';

export interface KeyVaultSecret {
  /** `https://NAME.vault.azure.net`. */
  readonly vault: string;
  readonly name: string;
  /** A token of Entra ID for `https://vault.azure.net`, whose owner may get and set secrets. */
  readonly token: () => Promise<string> | string;
  readonly fetch?: typeof fetch;
}

const WHY = {
  401: 'The token is not accepted.',
  403: 'The owner of the token may not get and set secrets of this vault.',
  409: 'A deleted secret of this name waits to be recovered or purged.',
};

export function azureKeyVaultSecret(options: KeyVaultSecret): SecretSink {
  const { vault, name, token } = options;
  if (!/^[0-9a-zA-Z-]+$/.test(name))
    throw refusal('A secret of Key Vault is named with letters, digits and -.');
  const call = async (method: string, signal: AbortSignal, json?: object) => {
    const response = await (options.fetch ?? fetch)(`${safeUrl(vault)}/secrets/${name}?api-version=7.4`, {
      method,
      signal,
      redirect: 'manual',
      headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    if (method === 'GET' && response.status === 404) return {};
    if (response.status !== 200) throw refused(`Key Vault (${method} of ${name})`, response.status, WHY);
    return response.json();
  };
  return {
    name: `key vault secret ${name}`,
    // It shows that the token may read. Whether it may write shows only when writing.
    probe: async ({ signal }) => void (await call('GET', signal)),
    async put({ id, secret, expiresAt, recordId, epoch }, { signal }) {
      const { tags } = await call('GET', signal);
      if (tags?.recordId === recordId && Number(tags?.epoch) > epoch)
        throw refusal(
          `Key Vault has the credentials of epoch ${Number(tags.epoch)} already: epoch ${epoch} is older.`,
        );
      await call('PUT', signal, {
        value: `${id}:${secret.reveal()}`,
        contentType: 'BlazeMeter API key, id:secret',
        tags: { keyId: id, recordId, epoch: String(epoch) },
        ...(expiresAt === null ? {} : { attributes: { exp: Math.floor(expiresAt.getTime() / 1000) } }),
      });
    },
  };
}
