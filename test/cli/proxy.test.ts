// Which proxy a request goes through: a pure function with a table of its own.
import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/cli/keys/proxy.ts';

describe('the proxy of an address', () => {
  const proxy = (address: string, env: Record<string, string>) => proxyFor(new URL(address), env)?.href;
  const HTTPS_PROXY = 'http://proxy.example:3128';

  it('is that of HTTPS_PROXY, the small letters first', () => {
    expect(proxy('https://a.example/', { HTTPS_PROXY })).toBe('http://proxy.example:3128/');
    expect(proxy('https://a.example/', { HTTPS_PROXY, https_proxy: 'http://other:1' })).toBe(
      'http://other:1/',
    );
    expect(proxy('https://a.example/', { HTTPS_PROXY: 'proxy.example:3128' })).toBe(
      'http://proxy.example:3128/',
    );
    expect(proxy('https://a.example/', {})).toBeUndefined();
    expect(proxy('https://a.example/', { HTTPS_PROXY: '' })).toBeUndefined();
  });

  it('is none for plain http, which goes to this machine alone', () => {
    expect(proxy('http://127.0.0.1:4010/', { HTTPS_PROXY, HTTP_PROXY: HTTPS_PROXY })).toBeUndefined();
  });

  it.each([
    ['*', 'https://a.example/', true],
    ['a.example', 'https://a.example/', true],
    ['A.Example', 'https://a.example/', true],
    ['.example', 'https://a.example/', true],
    ['*.example', 'https://a.example/', true],
    ['example', 'https://a.example/', true],
    ['xample', 'https://a.example/', false],
    ['b.example, a.example', 'https://a.example/', true],
    ['b.example c.example', 'https://a.example/', false],
    ['a.example:443', 'https://a.example/', true],
    ['a.example:8443', 'https://a.example/', false],
    ['a.example:8443', 'https://a.example:8443/', true],
    ['10.0.0.0/8', 'https://10.1.2.3/', true],
    ['10.0.0.0/8', 'https://11.1.2.3/', false],
    ['10.0.0.0/99', 'https://10.1.2.3/', false],
    ['10.1.2.3', 'https://10.1.2.3/', true],
    ['2.3', 'https://10.1.2.3/', false],
    ['::1', 'https://[::1]/', true],
    ['[::1]', 'https://[::1]/', true],
    ['[::1]:443', 'https://[::1]/', true],
    ['fd00::/8', 'https://[fd12::1]/', true],
    ['', 'https://a.example/', false],
  ])('with NO_PROXY=%s, %s goes around it: %s', (list, address, around) => {
    expect(proxy(address, { HTTPS_PROXY, NO_PROXY: list }) === undefined).toBe(around);
    expect(proxy(address, { HTTPS_PROXY, no_proxy: list, NO_PROXY: '*' }) === undefined).toBe(
      around || list === '',
    );
  });

  it.each(['socks5://p:1', 'http://', 'http://user:word@'])(
    '%s is refused without being repeated',
    (given) => {
      expect(() => proxy('https://a.example/', { HTTPS_PROXY: given })).toThrow(/^(?!.*word).*HTTPS_PROXY/);
    },
  );
});
