import { describe, expect, test } from '@jest/globals';
import { settingKeys } from '../../model/setting-keys.ts';
import { helpText, parseCommandLine } from './command-line.ts';
import { resolveConfig, type Sources } from './load.ts';
import { readDuration, settings, showDuration } from './settings.ts';
import { printConfig, showConfig } from './show.ts';

const resolve = (sources: Partial<Sources>) =>
  resolveConfig({ flags: new Map(), env: {}, hostname: 'n1', ...sources });

/** All problems of a configuration in one text. */
function problems(sources: Partial<Sources>): string {
  try {
    resolve(sources);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'INPUT_INVALID' });
    return (error as Error).message;
  }
}

const file = (text: string) => ({ file: { path: '/etc/w.yaml', text } });

describe('where a value comes from', () => {
  test('a flag beats the environment, that beats the file, that beats the default', () => {
    const sources = {
      flags: new Map([['--port', '4790']]),
      env: { WEFT_PORT: '4791', WEFT_NAME: 'n2', WEFT_STORE: '' },
      ...file('port: 4792\nname: n3\nleaseTtl: 20s\n'),
    };
    const { config, origins } = resolve(sources);
    expect(config).toMatchObject({ port: 4790, name: 'n2', leaseTtl: 20_000, init: false });
    expect(['port', 'name', 'leaseTtl', 'store'].map((key) => origins.get(key as never))).toEqual([
      'flag --port',
      'environment WEFT_NAME',
      'file /etc/w.yaml',
      'default',
    ]);
  });

  test('is shown with every setting, in a form that can be written into the file', () => {
    const resolved = resolve({ flags: new Map([['--lease-ttl', '90s']]) });
    expect(showConfig(resolved).map(({ key }) => key)).toEqual(settings.map((s) => s.key));
    expect(showConfig(resolved)).toContainEqual({
      key: 'leaseTtl',
      value: '90s',
      origin: 'flag --lease-ttl',
    });
    const text = printConfig(resolved);
    expect(resolve(file(text)).config).toEqual(resolved.config);
    expect(text).toMatch(/^leaseTtl: 90s +# flag --lease-ttl$/m);
  });

  test('of a secret nothing is shown but that it is set, and where', () => {
    const resolved = resolve({ env: { WEFT_STORE_PASSWORD: 'hush', WEFT_STORE_USER: 'node' } });
    expect(resolved.config.storePassword).toBe('hush');
    const origin = 'environment WEFT_STORE_PASSWORD';
    expect(showConfig(resolved)).toContainEqual({ key: 'storePassword', value: '(set)', origin });
    expect(showConfig(resolved)).toContainEqual({ key: 'storeToken', value: '', origin: 'default' });
    const text = printConfig(resolved);
    expect(text).toMatch(/^# storePassword: \(set\) +# environment WEFT_STORE_PASSWORD$/m);
    expect(text + JSON.stringify(showConfig(resolved))).not.toContain('hush');
    expect(resolve(file(text)).config).toEqual({ ...resolved.config, storePassword: '' });
  });

  test('an empty file says nothing', () => {
    expect(resolve(file('')).config).toEqual(resolve({}).config);
  });
});

test('every problem is told at once, in one line, with its place', () => {
  const told = problems({
    flags: new Map([['--port', '70000']]),
    env: { WEFT_UNDERLAY: '5' },
    ...file('leaseTtl: 15\ncolour: red\nstore: [a]\nstateDir: relative\n'),
  });
  for (const part of [
    'port = "70000" (flag --port): must be a port from 1 to 65535',
    'underlay = "5" (environment WEFT_UNDERLAY): must be one of 4, 6, auto',
    'leaseTtl = 15 (file /etc/w.yaml): must be a duration such as 500ms, 15s or 10m',
    '/etc/w.yaml: unknown setting "colour"; known are store, ',
    '/etc/w.yaml: store must be a single value',
    'stateDir = "relative" (file /etc/w.yaml): must be an absolute path',
  ]) {
    expect(told).toContain(part);
  }
  expect(told).toContain('6 problems');
  expect(told).not.toContain('\n');
});

test.each([
  ['a file that is no YAML', file('store: ['), '/etc/w.yaml'],
  ['a file that is a list', file('- a\n'), 'mapping'],
  ['a name with a slash', { flags: new Map([['--name', 'a/b']]) }, 'name = "a/b"'],
  ['a lease that is too short', { flags: new Map([['--lease-ttl', '1s']]) }, '2s to 10m'],
  ['a file of credentials that is relative', { env: { WEFT_STORE_CA_FILE: 'ca.pem' } }, 'absolute path'],
  ['a host name that is no name', { hostname: 'bad host' }, 'name'],
  ['a switch that is neither', { env: { WEFT_INIT: 'maybe' } }, 'true or false'],
])('%s is refused', (_, sources, part) => {
  expect(problems(sources)).toContain(part);
});

test('a secret is taken from the environment alone, and no problem repeats it', () => {
  expect(problems(file('storePassword: hush\n'))).toContain(
    'storePassword is a secret and does not belong here: set storePasswordFile, or WEFT_STORE_PASSWORD in the environment',
  );
  expect(problems(file('storePassword: hush\n'))).not.toContain('hush');
  expect(() => parseCommandLine(['--store-password', 'hush'])).toThrow('is not known');
});

test('durations are read and shown', () => {
  for (const text of ['500ms', '15s', '10m', '2h']) expect(showDuration(readDuration(text))).toBe(text);
  expect(showDuration(90_000)).toBe('90s');
  for (const text of ['15', '-1s', '1.5s', 's', '']) expect(() => readDuration(text)).toThrow('duration');
});

describe('the command line', () => {
  test('takes flags with a blank or an equals sign, and switches without a value', () => {
    const line = parseCommandLine([
      '--port',
      '4790',
      '--store=etcd://a:1/x=y',
      '--init',
      '--config',
      '/a.yaml',
    ]);
    expect(line).toMatchObject({ action: 'run', configPath: '/a.yaml' });
    expect([...line.flags]).toEqual([
      ['--port', '4790'],
      ['--store', 'etcd://a:1/x=y'],
      ['--init', true],
    ]);
    expect(parseCommandLine(['--config', '/a.yaml', '--config', '/b.yaml']).configPath).toBe('/b.yaml');
  });

  test('leaves the configuration to WEFT_CONFIG when no flag names one', () => {
    const env = { WEFT_CONFIG: '/a.yaml' };
    expect(parseCommandLine(['config'], env).configPath).toBe('/a.yaml');
    expect(parseCommandLine(['config', '--config', '/b.yaml'], env).configPath).toBe('/b.yaml');
    expect(parseCommandLine(['config'], { WEFT_CONFIG: '' })).not.toHaveProperty('configPath');
  });

  test.each([
    [['config', '-o', 'json'], { action: 'config', output: 'json' }],
    [['config'], { action: 'config', output: 'text' }],
    [['--help'], { action: 'help' }],
    [['--version'], { action: 'version' }],
  ])('%j', (args, expected) => {
    expect(parseCommandLine(args)).toMatchObject(expected);
  });

  test.each([
    [['--colour'], '"--colour" is not known'],
    [['start'], '"start" is not known'],
    [['--port'], '--port needs a value'],
    [['config', '-o', 'xml'], 'text or json'],
  ])('%j is refused', (args, part) => {
    expect(() => parseCommandLine(args)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(part) }),
    );
  });

  test('the help names every flag and every variable', () => {
    for (const { flag, env } of settings) {
      expect(helpText()).toMatch(flag === undefined ? `  ${env} ` : new RegExp(`${flag} .*\\(${env}\\)`));
    }
  });
});

test('the settings that may stand in a file are those that the commands know', () => {
  const written = settings.filter(({ flag }) => flag !== undefined).map(({ key }) => key);
  expect([...settingKeys].toSorted()).toEqual(written.toSorted());
});

test('a dry run takes the flags of a run, and an output', () => {
  const line = parseCommandLine(['--dry-run', '-o', 'json', '--store', 'file:///a.db']);
  expect(line).toMatchObject({ action: 'dry-run', output: 'json' });
  expect(line.flags).toEqual(new Map([['--store', 'file:///a.db']]));
  expect(helpText()).toMatch(/weftd --dry-run \[-o json\].*exit code 0: nothing, 1: something/);
});
