// A credential of Jenkins as a sink, through the REST API of its credentials plugin. What the credential says of itself
// (scope, description) is read and kept. "Username with password" takes the id and the secret; "Secret text" `id:secret`.
import type { SecretSink } from 'blazemeter-client/rotation';
import { refusal, refused, safeUrl } from './refusal.ts';

export interface JenkinsCredential {
  /** `https://jenkins.example.com`. */
  readonly url: string;
  /** The store: `credentials/store/system/domain/_`, or `job/FOLDER/credentials/store/folder/domain/_`. */
  readonly store?: string;
  readonly credentialId: string;
  readonly user: string;
  /** Of a user who may update credentials: an API token, or a password. */
  readonly password: string;
  readonly fetch?: typeof fetch;
}

const WHY = {
  401: 'User or token is not accepted.',
  403: 'The user may not update credentials here, or Jenkins did not take the crumb.',
  404: 'There is no such credential in this store. Make it once by hand, with any content.',
};

const xml = (text: string): string => {
  if (/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/.test(text)) throw refusal('XML cannot hold this text.');
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
};

/** Sets the content of an element that is there exactly once. */
function set(document: string, element: string, text: string): string {
  const parts = document.split(new RegExp(`<${element}(?:\\s*/>|>[\\s\\S]*?</${element}>)`));
  if (parts.length !== 2) throw refusal(`The credential has not exactly one ${element}.`);
  return parts.join(`<${element}>${xml(text)}</${element}>`);
}

export function jenkinsCredential(options: JenkinsCredential): SecretSink {
  const { store = 'credentials/store/system/domain/_', credentialId, user, password } = options;
  const path = `${store}/credential/${encodeURIComponent(credentialId)}/config.xml`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const call = (at: string, init: RequestInit & { signal: AbortSignal }) =>
    (options.fetch ?? fetch)(`${safeUrl(options.url)}/${at}`, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, authorization },
    });
  const read = async (signal: AbortSignal) => {
    const response = await call(path, { signal });
    if (response.status !== 200) throw refused(`Jenkins (GET of ${credentialId})`, response.status, WHY);
    return response.text();
  };
  /** Needed with a password, and then of the same session; with an API token, Jenkins asks for none. */
  const crumb = async (signal: AbortSignal): Promise<Record<string, string>> => {
    const response = await call('crumbIssuer/api/json', { signal });
    if (response.status === 404) return {};
    if (response.status !== 200) throw refused('Jenkins (GET of a crumb)', response.status, WHY);
    const cookie = response.headers.getSetCookie().map((line) => line.replace(/;.*/, ''));
    const issued = await response.json();
    return {
      [issued.crumbRequestField]: issued.crumb,
      ...(cookie.length > 0 ? { cookie: cookie.join('; ') } : {}),
    };
  };
  return {
    name: `Jenkins credential ${credentialId}`,
    probe: async ({ signal }) => void (await read(signal)),
    async put({ id, secret }, { signal }) {
      const before = await read(signal);
      const after = before.includes('<password>')
        ? set(set(before, 'username', id), 'password', secret.reveal())
        : set(before, 'secret', `${id}:${secret.reveal()}`);
      const headers = { ...(await crumb(signal)), 'content-type': 'application/xml; charset=utf-8' };
      const response = await call(path, { method: 'POST', signal, headers, body: after });
      if (!response.ok) throw refused(`Jenkins (POST of ${credentialId})`, response.status, WHY);
    },
  };
}
