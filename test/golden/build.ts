// Bundles page.ts into one file for a browser: `node test/golden/build.ts FOLDER`.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

await build({
  configFile: false,
  logLevel: 'error',
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    outDir: process.argv[2] ?? '',
    emptyOutDir: true,
    target: 'es2023',
    minify: false,
    lib: { entry: fileURLToPath(new URL('page.ts', import.meta.url)), formats: ['es'], fileName: 'page' },
  },
})
