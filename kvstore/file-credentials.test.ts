import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger, type LogFields } from '../model/logger.ts';
import type { StoreCredentials } from './credentials.ts';
import { fileCredentials, type CredentialSources } from './file-credentials.ts';

const [first = '', second = ''] = rootCertificates;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const strangeKey = privateKey.export({ type: 'pkcs8', format: 'pem' });

let directory: string;
let said: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-credentials-'));
  said = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function put(name: string, text: string, mode = 0o600): string {
  const path = join(directory, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

function open(sources: CredentialSources): StoreCredentials {
  const say = (message: string, fields?: LogFields): void => {
    said.push(`${message}: ${JSON.stringify(fields)}`);
  };
  return fileCredentials(sources, { ...silentLogger, info: say, warn: say });
}

test('what is not set is absent, and a line ends where its text ends', async () => {
  const passwordFile = put('password', ' two words \r\n');
  expect(await open({ user: 'node', passwordFile, caFile: '', token: '' }).read()).toEqual({
    user: 'node',
    password: ' two words ',
  });
  expect(await open({ token: 'by itself' }).read()).toEqual({ token: 'by itself' });
  expect(await open({ caFile: put('ca', first + '\n' + second) }).read()).toEqual({
    ca: `${first}\n${second}`,
  });
  expect(said).toEqual([]);
});

describe('a file that changes', () => {
  test('is read again: written in place, or replaced by one of the same size and time', async () => {
    const tokenFile = put('token', 'one\n');
    const credentials = open({ tokenFile });
    expect(await credentials.read()).toEqual({ token: 'one' });
    put('token', 'three\n');
    expect(await credentials.read()).toEqual({ token: 'three' });
    renameSync(put('next', 'seven\n'), tokenFile);
    expect(await credentials.read()).toEqual({ token: 'seven' });
    expect(said).toHaveLength(2);
    expect(said[0]).toContain('new credentials are in use');
  });

  test.each([
    ['missing', (path: string) => rmSync(path), 'ENOENT'],
    ['empty', () => put('file', ''), 'no PEM certificate'],
    ['half-written', () => put('file', second.slice(0, 300)), 'not complete'],
    ['half of a second one', () => put('file', `${first}\n${second.slice(0, 300)}`), 'not complete'],
    ['no certificate', () => put('file', 'hush'), 'no PEM certificate'],
    ['a broken one', () => put('file', second.replace('MII', 'AAA')), 'certificates of the authorities'],
  ])('%s: the last good one stays, which is told once', async (_, spoil, why) => {
    const caFile = put('file', first);
    const credentials = open({ caFile });
    expect(await credentials.read()).toEqual({ ca: first });
    spoil(caFile);
    for (let n = 0; n < 3; n += 1) expect(await credentials.read()).toEqual({ ca: first });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('the last good ones stay in use');
    expect(said[0]).toContain(why);
    expect(said[0]).not.toContain('hush');
    put('file', second);
    expect(await credentials.read()).toEqual({ ca: second });
  });
});

describe('without ever a good one the file is named, and its contents are not:', () => {
  test.each([
    ['a missing file', () => ({ caFile: join(directory, 'none') }), '/none as certificates of the auth'],
    ['an empty password', () => ({ user: 'u', passwordFile: put('p', '\n') }), '/p as password: it is empty'],
    ['two lines', () => ({ tokenFile: put('t', 'hush\nhush\n') }), '/t as token: it has more than one line'],
    [
      'a strange key',
      () => pair(strangeKey),
      'key as client certificate and key: the key is not that of the certificate',
    ],
    ['no key', () => pair('hush'), 'the key is no PEM private key without a passphrase'],
    ['no certificate', () => ({ ...pair(strangeKey), certFile: put('cert', 'hush') }), 'no PEM certificate'],
  ])('%s', async (_, sources, why) => {
    const read = open(sources()).read();
    await expect(read).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(why),
    });
    await expect(read).rejects.not.toMatchObject({ message: expect.stringContaining('hush') });
  });

  const pair = (key: string | Buffer): CredentialSources => ({
    certFile: put('cert', first),
    keyFile: put('key', String(key)),
  });
});

test('a secret that others may read is told, once for each state of the file; a certificate is none', async () => {
  const tokenFile = put('token', 'x', 0o640);
  const credentials = open({ tokenFile, caFile: put('ca', first, 0o644) });
  for (let n = 0; n < 2; n += 1) await credentials.read();
  expect(said).toEqual([
    `a secret file is open to other users; 0600 is enough: ${JSON.stringify({ file: tokenFile, mode: '0640' })}`,
  ]);
  chmodSync(tokenFile, 0o604);
  await credentials.read();
  expect(said.filter((line) => line.includes('"0604"'))).toHaveLength(1);
  chmodSync(tokenFile, 0o600);
  await credentials.read();
  expect(said.filter((line) => line.includes('open to other users'))).toHaveLength(2);
});

test.each([
  [{ certFile: '/a' }, 'not its key (storeKeyFile)'],
  [{ keyFile: '/a' }, 'not the certificate (storeCertFile)'],
  [{ user: 'node' }, 'the user node has no password'],
  [{ password: 'hush' }, 'no user (storeUser)'],
  [{ passwordFile: '/a' }, 'no user (storeUser)'],
  [{ user: 'node', password: 'hush', passwordFile: '/a' }, 'the password is set twice'],
  [{ token: 'hush', tokenFile: '/a' }, 'the token is set twice'],
])('%j cannot be meant: %s', (sources, why) => {
  const make = (): unknown => open(sources);
  expect(make).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  expect(make).toThrow(why);
  expect(make).not.toThrow('hush');
});
