import { parseStoreUrl } from '../../../../kvstore/url.ts';
import type { RawStore } from './raw-store.ts';

/** The store that the URL names; of several servers the first. */
export async function openRawStore(url: string): Promise<RawStore> {
  const address = parseStoreUrl(url);
  switch (address.kind) {
    case 'file':
      return new (await import('./raw-file.ts')).RawFile(address.path, address.prefix);
    case 'etcd':
      return new (await import('./raw-etcd.ts')).RawEtcd(address.endpoints[0]?.port ?? 0, address.prefix);
    case 'consul':
      return new (await import('./raw-consul.ts')).RawConsul(address.endpoints[0]?.port ?? 0, address.prefix);
  }
}
