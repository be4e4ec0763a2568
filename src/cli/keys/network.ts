// Networks with a proxy or a private CA. Node 20's own fetch knows no proxy, and a further CA only before the process
// starts; undici's dispatcher works on all versions. It is loaded only where one of both is asked for.

import { rootCertificates } from 'node:tls';
import type { EnvHttpProxyAgent } from 'undici';
import { harmless } from '../../util/printable.ts';
import { readText } from '../files.ts';
import { usage } from './exit.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The dispatcher for fetch that this network needs; undefined: none. */
export async function dispatcherFor(
  env: Env,
  caFile: string | undefined,
): Promise<EnvHttpProxyAgent | undefined> {
  const secure = caFile === undefined ? {} : { ca: [...trusted(env), certificates(caFile)] };
  const httpsProxy = proxyAddress(env);
  if (caFile === undefined && httpsProxy === '') return undefined;
  const { EnvHttpProxyAgent } = await import('./undici.ts');
  return new EnvHttpProxyAgent({
    httpsProxy,
    // Plain http goes to this machine only. A proxy would see the credentials.
    httpProxy: '',
    noProxy: env.no_proxy || env.NO_PROXY || '',
    connect: secure,
    requestTls: secure,
    proxyTls: secure,
  });
}

/** The address in HTTPS_PROXY, checked; empty for none. It may hold a password, so it is never quoted. */
function proxyAddress(env: Env): string {
  const name = env.https_proxy ? 'https_proxy' : 'HTTPS_PROXY';
  const given = env[name]?.trim() ?? '';
  if (given === '') return '';
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw usage(`${name} is not the address of a proxy: http://host:port or https://host:port.`);
  try {
    const { username, password } = new URL(text);
    decodeURIComponent(username + password);
  } catch {
    throw usage(`The user name or password in ${name} has a "%" that encodes nothing: write %25 for a "%".`);
  }
  return text;
}

/** Node takes any text for certificates, and leaves out what is none. */
function certificates(path: string): string {
  const text = readText('--ca-file', path);
  if (/-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(text)) return text;
  throw usage(`--ca-file ${harmless(path)}: it holds no certificate in PEM form.`);
}

/** What Node trusts anyway: a list of one's own replaces it. */
function trusted({ NODE_EXTRA_CA_CERTS: extra }: Env): string[] {
  return [...rootCertificates, ...(extra ? [readText('NODE_EXTRA_CA_CERTS', extra)] : [])];
}
