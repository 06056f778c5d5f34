import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { resolveConfig } from '../agent/config/load.ts';
import { settings } from '../agent/config/settings.ts';

const here = import.meta.dirname;
const read = (file: string): string => readFileSync(join(here, file), 'utf8');

describe('the example configuration', () => {
  const text = read('weftd.example.yaml');
  /** With every commented setting switched on; `store` has two spellings, of which the second stays a comment. */
  const complete = text.replaceAll(/^# (?!store:)([a-zA-Z]+: .*)$/gm, '$1');

  const credentials = settings.map(({ key }) => key).filter((key) => /^store./.test(key));

  test.each([
    ['as it is', text],
    ['with every setting switched on', complete],
  ])('is accepted %s', (_, file) => {
    const sources = {
      flags: new Map(),
      env: {},
      file: { path: 'weftd.example.yaml', text: file },
      hostname: 'n1',
    };
    expect(resolveConfig(sources).config).toMatchObject({ advertise: 'eth1', name: 'n1', port: 4789 });
  });

  test('names every setting with its flag, its variable and its true default', () => {
    const values = parse(complete) as Record<string, unknown>;
    const written = settings.filter((setting) => setting.flag !== undefined);
    expect(Object.keys(values).toSorted()).toEqual(written.map((setting) => setting.key).toSorted());
    for (const { flag, env } of settings)
      expect(text.split(/[^\w-]/)).toEqual(expect.arrayContaining([flag ?? env, env]));
    const shown = resolveConfig({
      flags: new Map(),
      env: {},
      file: { path: '', text: complete },
      hostname: '',
    });
    const defaults = resolveConfig({ flags: new Map(), env: {}, hostname: 'n1' });
    // What only an example can name.
    const named = { store: '', advertise: '', ...Object.fromEntries(credentials.map((key) => [key, ''])) };
    expect({ ...shown.config, ...named }).toEqual({ ...defaults.config, ...named });
  });
});

describe('the systemd unit', () => {
  const unit = read('systemd/weftd.service');
  const options = unit
    .split('\n')
    .filter((line) => /^[A-Z]\w*=/.test(line))
    .map((line) => line.slice(0, line.indexOf('=')));

  test('has no option that makes a mount namespace', () => {
    expect(options.length).toBeGreaterThan(20);
    const harmful =
      /^(Protect(System|Home|Kernel.*|ControlGroups|Proc)|Private.*|Bind.*Paths|.*(ReadOnly|ReadWrite|Inaccessible|Exec)Paths|TemporaryFileSystem|Root(Directory|Image)|Mount.*|ProcSubset|DynamicUser|MemoryDenyWriteExecute)$/;
    expect(options.filter((option) => harmful.test(option))).toEqual([]);
  });

  test('ends only weftd itself when it stops, and always starts it again', () => {
    expect(unit).toMatch(/^KillMode=(mixed|process)$/m);
    expect(unit).toMatch(/^Restart=always$/m);
    expect(options.filter((option) => option.startsWith('ExecStop'))).toEqual([]);
  });

  const analyze = ['/usr/bin/systemd-analyze', '/bin/systemd-analyze'].find((path) => existsSync(path));
  (analyze === undefined ? test.skip : test)('is one that systemd accepts [needs systemd]', () => {
    const directory = mkdtempSync(join(tmpdir(), 'weft-unit-'));
    try {
      // The one thing that is not on this machine is the program below /opt.
      const program = join(here, '..', 'bin', 'weftd');
      const file = join(directory, 'weftd.service');
      const verify = (text: string): { code: number | null; said: string } => {
        writeFileSync(file, text);
        const { status, stdout, stderr } = spawnSync(analyze!, ['verify', '--man=no', file], {
          encoding: 'utf8',
        });
        return { code: status, said: stdout + stderr };
      };
      const installed = unit.replace('/opt/weft/bin/weftd', program);
      expect(verify(installed)).toEqual({ code: 0, said: '' });
      expect(verify(installed.replace('KillMode=', 'KillMood=')).said).toContain('KillMood');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
