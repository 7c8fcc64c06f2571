// Keeps the page's files, so that it opens without the server: drafts and recorded runs are in the browser already.
// The page itself comes from the network while there is one; hashed assets never change.
const CACHE = 'spellmesh-shell-2'

self.addEventListener('install', event => {
  event.waitUntil(keepShell().then(() => self.skipWaiting()))
})

/** The page and all that it names: it was loaded before this worker was there. */
async function keepShell() {
  const cache = await caches.open(CACHE)
  await cache.addAll(['/', '/icon.svg'])
  await keepAssets(cache)
}

/** What the page loads now, and what its scripts may load later. */
async function keepAssets(cache) {
  const page = await (await cache.match('/')).text()
  const open = [...new Set(page.match(/\/assets\/[\w.-]+/g))]
  const known = new Set(open)
  for (let path = open.pop(); path; path = open.pop()) {
    if (await cache.match(path)) continue
    // What only looks like a file's name in a script is not there.
    await cache.add(path).catch(() => undefined)
    const text = path.endsWith('.js') ? await (await cache.match(path))?.text() : undefined
    if (!text) continue
    for (const [, name] of text.matchAll(/["'`](?:\.\/|\/?assets\/)([\w.-]+\.(?:js|css))["'`]/g)) {
      const found = `/assets/${name}`
      if (!known.has(found)) known.add(found) && open.push(found)
    }
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
