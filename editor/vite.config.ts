import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

// The server proxies nothing: `npm start` serves what is built here. For work on the page itself, `npx vite editor` talks to a server on port 8080.
export default defineConfig({
  root,
  base: '/',
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../gen/editor', import.meta.url)),
    emptyOutDir: true,
    target: 'es2023',
    chunkSizeWarningLimit: 1200,
  },
  server: { proxy: { '/v1': { target: 'http://localhost:8080', ws: true } } },
})
