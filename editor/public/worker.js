// Keeps the page's files, so that it opens without the server: drafts and recorded runs are in the browser already.
// The page itself comes from the network while there is one; hashed assets never change.
const CACHE = 'spellmesh-shell-4'

self.addEventListener('install', event => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()))
})

/** The page and all that it names: it was loaded before this worker was there. */
async function keepShell() {
  const cache = await caches.open(CACHE)
  await cache.addAll(['/', '/icon.svg'])
  await keepAssets(cache)
}

/** What the page loads now; and what the inspector and the tidying load later, so that they are there without the server as well. */
async function keepAssets(cache) {
  const page = await (await cache.match('/')).text()
  for (const path of new Set(page.match(/\/assets\/[\w.-]+/g))) {
    if (await cache.match(path)) continue
    await cache.add(path)
    if (!path.endsWith('.js')) continue
    const text = await (await cache.match(path)).text()
    const later = new Set(text.match(/\b(?:code-field|elk-api|elk-worker)[\w.-]*\.js\b/g))
    await Promise.all([...later].map(name => cache.add(`/assets/${name}`).catch(() => undefined)))
  }
}

self.addEventListener('activate', event => {
  event.waitUntil(
    caches
      .keys()
      .then(names => Promise.all(names.filter(name => name !== CACHE).map(name => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', event => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate') {
    // Files of documents are opened in tabs of their own: they are not the page.
    if (url.pathname !== '/' && !url.pathname.startsWith('/s/')) return
    const page = fromNetwork(request, '/')
    event.respondWith(page)
    // A new version of the page names other files.
    event.waitUntil(
      page
        .then(() => caches.open(CACHE))
        .then(keepAssets, () => undefined)
        .catch(() => undefined),
    )
  } else if (url.pathname.startsWith('/assets/')) event.respondWith(fromCache(request))
  else if (/^\/[^/]+\.(svg|png|webmanifest)$/.test(url.pathname)) event.respondWith(fromCache(request))
})

async function fromNetwork(request, key) {
  const cache = await caches.open(CACHE)
  try {
    const response = await fetch(request)
    if (response.ok) await cache.put(key, response.clone())
    return response
  } catch (error) {
    const kept = await cache.match(key)
    if (kept) return kept
    throw error
  }
}

async function fromCache(request) {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) await cache.put(request, response.clone())
  return response
}
