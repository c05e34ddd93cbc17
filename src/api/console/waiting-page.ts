/** The page for the time until the console can be shown. It has no script: the browser repeats the request by itself. */
import type { ServerResponse } from 'node:http'

export const RELOAD_S = 2

/** `reason`: why the build failed; null: it is under way. */
export function answerWaiting(
  response: ServerResponse,
  reason: string | null,
  headers: Record<string, string> = {},
  withBody = true,
): void {
  const page = Buffer.from(pageOf(reason))
  response.writeHead(503, {
    ...headers,
    'content-type': 'text/html; charset=utf-8',
    'content-length': page.length,
    'cache-control': 'no-store',
    'retry-after': String(RELOAD_S),
  })
  response.end(withBody ? page : undefined)
}

function pageOf(reason: string | null): string {
  const text =
    reason === null
      ? '<p>The console is being built. This page reloads itself; the API works already.</p>'
      : `<p>The console could not be built. The API works without it; the next <code>npm start</code> tries again.</p><pre>${escaped(reason)}</pre>`
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><meta http-equiv="refresh" content="${RELOAD_S}"><title>Clarion</title></head>
<body><h1>Clarion</h1>${text}</body></html>`
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
