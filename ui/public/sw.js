/* Keeps the pages for places without a network. The API is never kept here.
 *
 * The page itself comes from the network first, so an old one is shown only while there is none.
 * Files below assets/ hold their hash in their name: what was kept is what would be sent. */
const SHELL = 'supplynet-shell';
const PAGE = './';
const LIST = './assets.json';
const MORE = ['./favicon.svg', './manifest.webmanifest'];
const WAIT_MS = 4000;

self.addEventListener('install', (event) => {
  event.waitUntil(refresh().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const below = new URL('./', self.registration.scope);
  if (request.method !== 'GET' || url.origin !== below.origin || !url.pathname.startsWith(below.pathname)) return;
  const path = url.pathname.slice(below.pathname.length);
  if (path.startsWith('api/')) return;
  if (request.mode === 'navigate') {
    if (path === '' || path === 'index.html') event.respondWith(page(event));
  } else if (path.startsWith('assets/')) event.respondWith(kept(request));
  else if (MORE.includes(`./${path}`)) event.respondWith(fetch(request).catch(() => kept(request)));
});

/** Of the network, or what was kept when it says nothing in time or the server is not there. */
async function page(event) {
  const shell = await caches.open(SHELL);
  const old = await shell.match(PAGE);
  try {
    const signal = old ? AbortSignal.timeout(WAIT_MS) : undefined;
    const fresh = await fetch(PAGE, { cache: 'no-cache', signal });
    if (!fresh.ok && old) return old;
    if (fresh.ok && (await fresh.clone().text()) !== (await old?.clone().text())) event.waitUntil(refresh());
    return fresh;
  } catch (error) {
    if (old) return old;
    throw error;
  }
}

async function kept(request) {
  const shell = await caches.open(SHELL);
  const file = await shell.match(request);
  if (file) return file;
  const fresh = await fetch(request);
  if (fresh.ok) await shell.put(request, fresh.clone());
  return fresh;
}

/** Keep the page and all its files as they are now, and nothing of an older one. */
async function refresh() {
  const shell = await caches.open(SHELL);
  const answer = await fetch(LIST, { cache: 'no-cache' });
  if (!answer.ok) throw new Error(`no list of files: ${answer.status}`);
  const listed = Object.values(await answer.json()).flatMap((each) => [each.file, ...(each.css ?? []), ...(each.assets ?? [])]);
  const files = [...new Set(listed.filter((file) => !file.endsWith('.html')).map((file) => `./${file}`))];
  const have = new Set((await shell.keys()).map((request) => request.url));
  const url = (file) => new URL(file, self.registration.scope).href;
  await shell.addAll(files.filter((file) => !have.has(url(file))));
  // The page last: it never names a file that is not kept.
  await shell.addAll([PAGE, ...MORE].map((file) => new Request(file, { cache: 'no-cache' })));
  const wanted = new Set([...files, PAGE, ...MORE].map(url));
  for (const request of await shell.keys()) if (!wanted.has(request.url)) await shell.delete(request);
}
