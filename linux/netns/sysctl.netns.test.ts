import { beforeAll, describe, expect, test } from '@jest/globals';
import { freshNamespace } from '../testing/fresh-namespace.ts';
import { ensureThreadPool, ownNamespace } from './netns.ts';
import { readSettings, writeSettings } from './sysctl.ts';

beforeAll(ensureThreadPool);

const [forward, allForward] = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'];
const missing = 'net/ipv4/conf/nowhere0/rp_filter';

describe('settings', () => {
  test('are those of the namespace, and no other changes', () => {
    using a = freshNamespace();
    using b = freshNamespace();
    const home = readSettings(ownNamespace, [forward, allForward]);
    // A new namespace takes over some settings from the first one of the machine.
    b.run('sh', '-c', `echo 0 >/proc/sys/${forward}`);
    const outcomes = writeSettings(a.path, [
      { key: forward, value: '1' },
      { key: allForward, value: '1' },
    ]);
    expect(outcomes).toEqual([undefined, undefined]);
    expect(a.run('cat', `/proc/sys/${forward}`, `/proc/sys/${allForward}`)).toBe('1\n1\n');
    expect([...readSettings(a.path, [forward, allForward])]).toEqual([
      [forward, '1'],
      [allForward, '1'],
    ]);
    expect(readSettings(b.path, [forward]).get(forward)).toBe('0');
    expect(readSettings(ownNamespace, [forward, allForward])).toEqual(home);
  });

  test('that the kernel does not have are absent, and refused alone', () => {
    using namespace = freshNamespace();
    expect(readSettings(namespace.path, [missing, forward]).has(missing)).toBe(false);
    const outcomes = writeSettings(namespace.path, [
      { key: missing, value: '1' },
      { key: forward, value: 'nonsense' },
      { key: forward, value: '1' },
    ]);
    expect(outcomes).toEqual([{ errno: 'ENOENT', text: '' }, { errno: 'EINVAL', text: '' }, undefined]);
    expect(readSettings(namespace.path, [forward]).get(forward)).toBe('1');
  });

  test('of an interface whose name has a dot', () => {
    using namespace = freshNamespace();
    namespace.run('ip', 'link', 'add', 'name', 'br.1', 'type', 'bridge');
    const key = 'net/ipv4/conf/br.1/rp_filter';
    expect(writeSettings(namespace.path, [{ key, value: '2' }])).toEqual([undefined]);
    expect(namespace.run('cat', `/proc/sys/${key}`)).toBe('2\n');
  });

  test('are written in their order: ip_forward resets others', () => {
    using namespace = freshNamespace();
    const redirects = 'net/ipv4/conf/all/accept_redirects';
    writeSettings(namespace.path, [
      { key: forward, value: '1' },
      { key: redirects, value: '1' },
    ]);
    expect(readSettings(namespace.path, [redirects]).get(redirects)).toBe('1');
    writeSettings(namespace.path, [
      { key: forward, value: '0' },
      { key: redirects, value: '0' },
      { key: forward, value: '1' },
      { key: forward, value: '0' },
    ]);
    expect(readSettings(namespace.path, [redirects]).get(redirects)).toBe('1');
  });
});
