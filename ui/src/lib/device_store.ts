/** What this device keeps over a reload and a dead battery: an IndexedDB of two stores. */

export type StoreName = 'queue' | 'documents';

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open('supplynet-floor', 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('queue', { keyPath: 'seq', autoIncrement: true });
      request.result.createObjectStore('documents', { keyPath: 'name' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
    request.onblocked = () => reject(new Error('IndexedDB'));
  });
  return opened;
}

/** Done when it is on the disk: only then may a person be told that it is safe. */
async function write(store: StoreName, step: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const transaction = (await open()).transaction(store, 'readwrite', { durability: 'strict' });
  const request = step(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
  });
}

async function read<T>(store: StoreName, step: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const request = step((await open()).transaction(store).objectStore(store));
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}

export const readAll = <T>(store: StoreName): Promise<T[]> => read<T[]>(store, (each) => each.getAll());
export const readOne = <T>(store: StoreName, key: string): Promise<T | undefined> => read(store, (each) => each.get(key));
export const put = (store: StoreName, row: object): Promise<unknown> => write(store, (each) => each.put(row));
export const remove = (store: StoreName, key: IDBValidKey): Promise<unknown> => write(store, (each) => each.delete(key));
