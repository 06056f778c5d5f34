import { describe, expect, test } from '@jest/globals';
import { settings } from '../../agent/config/settings.ts';
import { defaultStore, whichStore } from './which-store.ts';

const standard = '/etc/weft/weftd.yaml';
const files: Readonly<Record<string, string>> = {
  [standard]: 'store: etcd://a\nname: n1\n',
  '/no-store.yaml': 'name: n1\n',
  '/empty.yaml': '',
  '/broken.yaml': 'store: [',
  '/list.yaml': 'store: [a]\n',
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
    [{ config: '/empty.yaml' }, {}, defaultStore, 'default'],
  ])('by %j and %j is %s (%s)', async (options, env, url, origin) => {
    expect(await choose(options, env)).toEqual({ url, origin });
  });

  test('without anything said is that of an agent that was told nothing', async () => {
    const fallback = settings.find(({ key }) => key === 'store')?.fallback({ hostname: 'n1' });
    expect(await choose({}, {}, {})).toEqual({ url: fallback, origin: 'default' });
  });

  test.each([
    ['/nowhere.yaml', 'there is no configuration /nowhere.yaml'],
    ['/broken.yaml', 'the configuration /broken.yaml is no YAML'],
    ['/list.yaml', 'the configuration /list.yaml has a store that is no text'],
  ])('is not guessed from %s', async (config, message) => {
    await expect(choose({ config })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
