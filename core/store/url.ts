import { resolve } from 'node:path';

/** A store's URL that means the same in every process: relative folders become absolute. */
export function absoluteStoreUrl(url: string): string {
  const folder = url.startsWith('file:') ? url.slice('file:'.length) : url;
  const isFolder = url.startsWith('file:') || !/^[a-z][a-z0-9+.-]*:/i.test(url);
  return isFolder && !folder.startsWith('//') && !folder.startsWith('~') ? `file:${resolve(folder)}` : url;
}
