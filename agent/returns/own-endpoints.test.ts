import { expect, test } from '@jest/globals';
import { keys } from '../../kvstore/keys.ts';
import { endpoint, endpointId, networkId, nodeId } from '../../kvstore/records/testing/values.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import type { NodeId } from '../../model/node.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { OwnEndpoints } from './own-endpoints.ts';

/** A view of one endpoint that is there or not. */
function story(self = nodeId, isOurDoing = false) {
  const records = new Map<string, Recorded<Endpoint>>();
  const view = { endpoints: () => records } as unknown as Pick<View, 'endpoints'>;
  const own = new OwnEndpoints(self, () => isOurDoing);
  const take = () => own.take(networkId, [endpointId], view);
  const put = (revision: number) => {
    records.set(keys.endpoint(networkId, endpointId), { value: endpoint, revision });
    return take();
  };
  const remove = () => {
    records.clear();
    return take();
  };
  return { own, put, remove, take };
}

test('an own endpoint that goes is lost as it last was, until it is back', () => {
  const { own, put, remove, take } = story();
  expect([put(5), put(6), own.all()]).toEqual([[], [], []]);
  expect(remove()).toEqual([endpointId]);
  expect([...own.lost(networkId)]).toEqual([[endpointId, { value: endpoint, revision: 6 }]]);
  // It is lost once.
  expect(take()).toEqual([]);
  expect(own.all()).toEqual([{ value: endpoint, revision: 6 }]);
  put(9);
  expect([own.all(), own.lost(networkId).size]).toEqual([[], 0]);
  expect(remove()).toEqual([endpointId]);
});

test('those that the view holds are known, and nobody else', () => {
  const { own, put, remove } = story();
  expect(own.known()).toEqual([]);
  put(5);
  expect(own.known()).toEqual([endpoint]);
  remove();
  expect(own.known()).toEqual([]);
  const other = story('0123456789abcdef' as NodeId);
  other.put(5);
  expect(other.own.known()).toEqual([]);
});

test('it is lost no more when somebody has settled it', () => {
  const { own, put, remove, take } = story();
  put(5);
  remove();
  expect(own.settle(networkId, endpointId)).toBe(true);
  expect(own.settle(networkId, endpointId)).toBe(false);
  expect([take(), own.all()]).toEqual([[], []]);
});

test.each([
  ['that is not ours', story('bbbbbbbbbbbbbbbb' as NodeId)],
  ['that an operation here has removed', story(nodeId, true)],
])('an endpoint %s is nothing to us when it goes', (_, { own, put, remove }) => {
  put(5);
  expect([remove(), own.all()]).toEqual([[], []]);
});

test('an endpoint that was never known is not lost', () => {
  const { remove } = story();
  expect(remove()).toEqual([]);
});
