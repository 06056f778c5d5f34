import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { errorCodes } from '../model/errors.ts';
import { listFiles } from './files.ts';

const root = join(import.meta.dirname, '..');
const pages = new Map(
  listFiles(root)
    .filter((path) => path.endsWith('.md'))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const),
);

/** The page without what is quoted in it. */
function prose(text: string): string {
  return text.replace(/^ *```.*?^ *```$/gms, '').replace(/`[^`\n]*`/g, '');
}

/** What is quoted in the page, line by line: code blocks and code in sentences. */
function quoted(text: string): readonly string[] {
  const blocks = [...text.matchAll(/^ *```\w*\n(.*?)^ *```$/gms)].flatMap(([, block = '']) =>
    block.split('\n'),
  );
  const spans = [...text.replace(/^ *```.*?^ *```$/gms, '').matchAll(/`([^`\n]+)`/g)];
  return [...blocks, ...spans.map(([, span = '']) => span)];
}

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.replace(/^ *```.*?^ *```$/gms, '').matchAll(/^#+ +(.*)$/gm)];
  const slugs = headings.map(([, heading = '']) => {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    return words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
  });
  return new Set(slugs);
}

/** Why a link of the page leads nowhere; undefined when it leads somewhere. */
function whyBroken(page: string, link: string): string | undefined {
  if (/^(https?|mailto):/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(root, join(root, dirname(page), path));
  if (!existsSync(join(root, target))) return `${page}: ${link}: there is no ${target}`;
  if (anchor === undefined) return undefined;
  const text = pages.get(target);
  if (text !== undefined && anchorsOf(text).has(anchor)) return undefined;
  return `${page}: ${link}: ${target} has no such heading`;
}

interface Typed {
  /** `weft network ls` */
  readonly command: string;
  readonly flags: readonly string[];
}

const groups = ['network', 'endpoint', 'node', 'store', 'ip', 'debug', 'lab'];

/** The command lines of weft in a quoted line. What `weft run` and `weft lab exec` start belongs to somebody else. */
function typedIn(line: string): readonly Typed[] {
  return [...line.matchAll(/(?:^|\s|bin\/)weft ([a-z]+)((?: [^|;&#]*)?)/g)].flatMap(
    ([, first = '', rest = '']) => {
      const [second = ''] = rest.trim().split(/\s+/);
      const isGroup = groups.includes(first);
      if (isGroup && !/^[a-z]+$/.test(second)) return [];
      const own = rest.split(/ -- | h\d /)[0] ?? '';
      const flags = [...own.matchAll(/(?:^|\s)(--?[a-z][a-z0-9-]*)/g)].map(([, flag = '']) => flag);
      return [{ command: isGroup ? `weft ${first} ${second}` : `weft ${first}`, flags }];
    },
  );
}

async function helpOf(command: string): Promise<string> {
  const [, ...words] = command.split(' ');
  const { stdout } = await promisify(execFile)(join(root, 'bin', 'weft'), [...words, '--help']);
  return stdout;
}

describe('the pages', () => {
  test('lead to files and headings that are there', () => {
    const links = [...pages].flatMap(([page, text]) =>
      [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => [page, link] as const),
    );
    expect(links.length).toBeGreaterThan(30);
    expect(links.flatMap(([page, link]) => whyBroken(page, link) ?? [])).toEqual([]);
  });

  test('are all found from the README', () => {
    const reached = new Set<string>();
    const follow = (page: string): void => {
      const text = pages.get(page);
      if (text === undefined || reached.has(page)) return;
      reached.add(page);
      for (const [, link = ''] of prose(text).matchAll(/\]\(([^)\s#]+)/g)) {
        follow(relative(root, join(root, dirname(page), link)));
      }
    };
    follow('README.md');
    expect([...pages.keys()].filter((page) => !reached.has(page))).toEqual([]);
  });

  test('name only files and targets of make that are there', () => {
    const targets = new Set(
      [...readFileSync(join(root, 'Makefile'), 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name),
    );
    const lines = [...pages].flatMap(([page, text]) => quoted(text).map((line) => [page, line] as const));
    const strange = lines.flatMap(([page, line]) => {
      const made = /^make (?:-C \S+ )?([a-z-]+)/.exec(line)?.[1];
      if (made !== undefined && !targets.has(made)) return [`${page}: make ${made}`];
      const isSource = /^(model|kvstore|ipam|linux|vxlan|api|agent|cli|e2e|tools|deploy)\/[\w./-]*$/.test(
        line,
      );
      return isSource && !existsSync(join(root, line)) ? [`${page}: ${line}`] : [];
    });
    expect(strange).toEqual([]);
  });
});

test('every error code has its paragraph', () => {
  const anchors = anchorsOf(pages.get(join('docs', 'errors.md')) ?? '');
  expect(Object.keys(errorCodes).filter((code) => !anchors.has(code.toLowerCase()))).toEqual([]);
});

test('every command that a page shows exists, with its flags', async () => {
  const typed = [...pages].flatMap(([page, text]) =>
    quoted(text).flatMap((line) => typedIn(line).map((each) => ({ page, ...each }))),
  );
  const commands = [...new Set(typed.map(({ command }) => command))].sort();
  expect(commands.length).toBeGreaterThan(12);
  const helps = new Map<string, string>();
  for (const command of commands) helps.set(command, await helpOf(command));
  const wrong = typed.flatMap(({ page, command, flags }) => {
    const help = helps.get(command) ?? '';
    if (!help.startsWith(`Usage: ${command} `)) return [`${page}: there is no ${command}`];
    return flags
      .filter((flag) => !new RegExp(`(^|[\\s,])${flag}\\b`, 'm').test(help))
      .map((flag) => `${page}: ${command} has no ${flag}`);
  });
  expect(wrong).toEqual([]);
}, 60_000);
