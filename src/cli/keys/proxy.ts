// Which proxy a request goes through, by the variables that curl and most tools honour. Plain http never does: the client
// sends it to this machine alone, and a proxy would see the credential.

import { BlockList, isIP } from 'node:net';
import { usage } from './exit-codes.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** The proxy for this address, or undefined for none. */
export function proxyFor(url: URL, env: Env): URL | undefined {
  if (url.protocol !== 'https:') return undefined;
  const name = env.https_proxy ? 'https_proxy' : 'HTTPS_PROXY';
  const given = env[name]?.trim();
  if (!given || exempt(url, env.no_proxy || env.NO_PROXY || '')) return undefined;
  const text = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  // The address may hold a password, so it is not quoted.
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw usage(`${name} is not the address of a proxy: http://host:port or https://host:port.`);
  const proxy = new URL(text);
  if (!decodes(proxy.username) || !decodes(proxy.password))
    throw usage(
      `The user name or the password in ${name} has a "%" that stands for nothing: write %25 for a "%" itself.`,
    );
  return proxy;
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether NO_PROXY names the host: by name, by a domain above it, by address, or by a range of addresses. */
function exempt({ hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, bare = '', only] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
      if (only !== undefined && only !== (port || '443')) return false;
      const name = bare.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '');
      if (name.includes('/')) return inRange(host, name);
      return host === name || (isIP(host) === 0 && name !== '' && host.endsWith(`.${name}`));
    });
}

function inRange(host: string, range: string): boolean {
  const [network = '', bits = ''] = range.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const ranges = new BlockList();
  try {
    ranges.addSubnet(network, Number(bits), type);
  } catch {
    return false;
  }
  return ranges.check(host, type);
}
