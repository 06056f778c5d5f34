import { describe, expect, test } from '@jest/globals';
import { settings } from '../../agent/config/settings.ts';
import { credentialsIn, credentialsOf, defaultStore, whichStore } from './which-store.ts';

const standard = '/etc/weft/weftd.yaml';
const files: Readonly<Record<string, string>> = {
  [standard]: 'store: etcd://a\nname: n1\n',
  '/no-store.yaml': 'name: n1\n',
  '/lab.yaml': 'store: etcd://l\nname: h1\n',
  '/empty.yaml': '',
  '/broken.yaml': 'store: [',
  '/list.yaml': 'store: [a]\n',
  '/misspelt.yaml': 'stroe: etcd://a\nname: n1\nlogLvl: info\n',
  '/text.yaml': 'etcd://a\n',
};

const choose = (
  options: Parameters<typeof whichStore>[0],
  env: Readonly<Record<string, string>> = {},
  there = files,
): ReturnType<typeof whichStore> =>
  whichStore(options, { env, read: (path) => Promise.resolve(there[path]) });

describe('the store of a command', () => {
  test.each([
    [{ store: 'etcd://f', config: standard }, { WEFT_STORE: 'etcd://e' }, 'etcd://f', 'flag --store'],
    [{}, { WEFT_STORE: 'etcd://e' }, 'etcd://e', 'environment WEFT_STORE'],
    [{}, { WEFT_STORE: '' }, 'etcd://a', `file ${standard}`],
    [{ config: standard }, { WEFT_STORE: 'etcd://e' }, 'etcd://a', `file ${standard}`],
    [{ config: '/no-store.yaml' }, {}, defaultStore, 'default'],
    [{}, { WEFT_CONFIG: '/lab.yaml' }, 'etcd://l', 'file /lab.yaml'],
    [{ config: standard }, { WEFT_CONFIG: '/lab.yaml' }, 'etcd://a', `file ${standard}`],
    [{}, { WEFT_CONFIG: '/lab.yaml', WEFT_STORE: 'etcd://e' }, 'etcd://e', 'environment WEFT_STORE'],
    [{}, { WEFT_CONFIG: '' }, 'etcd://a', `file ${standard}`],
    [{ config: '/empty.yaml' }, {}, defaultStore, 'default'],
  ])('by %j and %j is %s (%s)', async (options, env, url, origin) => {
    expect(await choose(options, env)).toMatchObject({ url, origin });
  });

  test('without anything said is that of an agent that was told nothing', async () => {
    const fallback = settings.find(({ key }) => key === 'store')?.fallback({ hostname: 'n1' });
    expect(await choose({}, {}, {})).toEqual({ url: fallback, origin: 'default', settings: {} });
  });

  test.each([
    ['/nowhere.yaml', 'there is no configuration /nowhere.yaml'],
    ['/broken.yaml', 'the configuration /broken.yaml is no YAML'],
    [
      '/misspelt.yaml',
      'the configuration /misspelt.yaml has unknown settings: "stroe", "logLvl"; known are store, ',
    ],
    ['/text.yaml', 'the configuration /text.yaml is no mapping of settings'],
    ['/list.yaml', 'the configuration /list.yaml has a store that is no text'],
  ])('is not guessed from %s', async (config, message) => {
    for (const asked of [choose({ config }), choose({}, { WEFT_CONFIG: config })])
      await expect(asked).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(message),
      });
  });
});

describe('the credentials of a command', () => {
  test('are those of the configuration that names the store, unless the environment has others', async () => {
    const there = { [standard]: 'store: etcds://a\nstoreCaFile: /ca.pem\nstoreUser: node\nname: n1\n' };
    const { settings: told } = await choose({}, {}, there);
    expect(credentialsIn({}, told)).toEqual({ caFile: '/ca.pem', user: 'node' });
    const env = { WEFT_STORE_USER: 'admin', WEFT_STORE_PASSWORD: 'word', WEFT_STORE_CA_FILE: '' };
    expect(credentialsIn(env, told)).toEqual({ caFile: '/ca.pem', user: 'admin', password: 'word' });
  });

  test('never come from a configuration that names another store', async () => {
    const there = { [standard]: 'store: etcds://a\nstoreUser: node\n' };
    const { settings: told } = await choose({ store: 'etcds://b' }, {}, there);
    expect(credentialsIn({}, told)).toEqual({});
  });

  test('have the names of the settings of weftd, and a secret in itself is read from no file', () => {
    const all = settings.filter(({ key }) => /^store[A-Z]/.test(key));
    const env = Object.fromEntries(all.map(({ env: variable }) => [variable, variable]));
    expect(Object.values(credentialsIn(env)).toSorted()).toEqual(Object.values(env).toSorted());
    const file = Object.fromEntries(all.map(({ key }) => [key, key]));
    const readable = all
      .map(({ key }) => key)
      .filter((key) => key !== 'storePassword' && key !== 'storeToken');
    expect(Object.values(credentialsIn({}, file)).toSorted()).toEqual(readable.toSorted());
  });

  test('are shared out when two stores are meant: each takes what its kind can be told', () => {
    const tls = { caFile: '/ca.pem', certFile: '/own.pem', keyFile: '/own.key' };
    const both = { ...tls, user: 'node', passwordFile: '/word', tokenFile: '/token' };
    expect(credentialsOf('etcd', both)).toEqual({ ...tls, user: 'node', passwordFile: '/word' });
    expect(credentialsOf('consul', both)).toEqual({ ...tls, tokenFile: '/token' });
    expect(credentialsOf('file', both)).toEqual({});
    expect(credentialsOf('consul', { token: 'x' })).toEqual({ token: 'x' });
  });
});
