import { defineConfig } from 'vite'

const platform = process.env.CLARION_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  base: '/console/',
  oxc: { jsx: { runtime: 'automatic' } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Every file has a name with its hash; nothing is written into the page or the scripts.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // Marks for servers that render, which this is not.
      onLog: (level, log, handle) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && handle(level, log),
    },
  },
  server: {
    host: '127.0.0.1',
    // The browser sees one origin, so sign-in works as it does with a built console.
    proxy: { '/api': { target: platform, changeOrigin: true }, '/openapi.json': platform },
  },
})
