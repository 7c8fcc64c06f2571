/** Lets the page open without the server: `public/worker.js` keeps its files. Not while developing. */
export function registerWorker(): void {
  if (!('serviceWorker' in navigator) || !import.meta.env.PROD) return
  addEventListener('load', () => void navigator.serviceWorker.register('/worker.js').catch(() => undefined))
}
