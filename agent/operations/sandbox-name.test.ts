import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { endpointIdOf, readSandbox } from './sandbox-name.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-netns-'));
  writeFileSync(join(directory, 'mine'), '');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test.each([
  ['4711', 'pid:4711', '/proc/4711/ns/net'],
  ['/proc/4711/ns/net', 'pid:4711', '/proc/4711/ns/net'],
  ['/run/netns/c1', 'netns:c1', '/run/netns/c1'],
  ['/var/run/netns/c1', 'netns:c1', '/run/netns/c1'],
  ['/run//netns/c1', 'netns:c1', '/run/netns/c1'],
  ['/run/netns/deep/c1', 'path:/run/netns/deep/c1', '/run/netns/deep/c1'],
  ['/var/run/docker/netns/abc', 'path:/run/docker/netns/abc', '/run/docker/netns/abc'],
])('%s is the sandbox %s', (text, key, path) => {
  expect(readSandbox(text, directory)).toEqual({ key, path });
});

test('a name is looked for in our own directory, and means the same as its path', () => {
  const path = join(directory, 'mine');
  expect(readSandbox('mine', directory)).toEqual({ key: 'netns:mine', path });
  expect(readSandbox(path, directory)).toEqual({ key: 'netns:mine', path });
});

test.each([
  ['nowhere-at-all', '/run/netns'],
  ['a..b/../c', 'neither the name'],
  ['', 'neither the name'],
  ['0', '/run/netns'],
])('%j is refused', (text, part) => {
  expect(() => readSandbox(text, directory)).toThrow(
    expect.objectContaining({ code: 'SANDBOX_INVALID', message: expect.stringContaining(part) }),
  );
});

test('the id of an endpoint follows from node, network and key, and from nothing else', () => {
  const [n, m] = ['aaaa000000000001', 'aaaa000000000002'] as NodeId[];
  const [b, g] = ['b10e000000000001', '94ee000000000001'] as NetworkId[];
  const id = endpointIdOf(n!, b!, 'netns:c1');
  expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(endpointIdOf(n!, b!, 'netns:c1')).toBe(id);
  const others = [
    endpointIdOf(m!, b!, 'netns:c1'),
    endpointIdOf(n!, g!, 'netns:c1'),
    endpointIdOf(n!, b!, 'netns:c2'),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
});
