/** The settings of a client, checked before the first call: a mistake in them is the caller's, and not a network error. */

const TIMER_MS_MAX = 2_147_483_647
const RETRIES_MAX = 100

export interface Checked {
  baseUrl: string
  apiKey: string
  timeoutMs?: number | undefined
  retries?: number | undefined
  retryAfterMaxS?: number | undefined
}

/** Throws a TypeError, which shows neither the key nor a password. */
export function checkSettings({ baseUrl, apiKey, timeoutMs, retries, retryAfterMaxS }: Checked): void {
  if (!baseUrl) throw new TypeError('createClient needs baseUrl: where the platform is, such as http://127.0.0.1:8080')
  checkUrl(baseUrl)
  if (!apiKey) throw new TypeError('createClient needs apiKey: a key of the organization (ck_live_… or ck_test_…)')
  if (typeof apiKey !== 'string' || !/^[!-~]+$/.test(apiKey))
    throw new TypeError('apiKey has characters that no key has: a newline, a space, or letters beyond ASCII.')
  checkTimeout(timeoutMs)
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0 && retries <= RETRIES_MAX))
    throw new TypeError(`retries is a whole number from 0 to ${RETRIES_MAX}.`)
  if (retryAfterMaxS !== undefined && !(retryAfterMaxS >= 0 && retryAfterMaxS * 1_000 <= TIMER_MS_MAX))
    throw new TypeError(`retryAfterMaxS is a number of seconds up to ${Math.floor(TIMER_MS_MAX / 1_000)}.`)
}

/** A timer with a longer delay would fire at once. */
export function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs <= TIMER_MS_MAX)) return
  throw new TypeError(`timeoutMs is a number of milliseconds from 1 to ${TIMER_MS_MAX}.`)
}

function checkUrl(baseUrl: string): void {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined
  // `localhost:8080` is a URL with the scheme `localhost`.
  if (url !== undefined && /^https?:$/.test(url.protocol)) {
    if (url.username === '' && url.password === '') return
    throw new TypeError('baseUrl holds a user or a password, which fetch refuses: the key goes into apiKey.')
  }
  const hint = /^[\w.-]+(:\d+)?(\/\S*)?$/.test(baseUrl) ? `: write http://${baseUrl}` : ''
  throw new TypeError(`baseUrl begins with http:// or https://${hint}`)
}
