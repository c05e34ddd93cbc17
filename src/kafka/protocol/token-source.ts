/** Tokens for OAUTHBEARER, by the client credentials grant (RFC 6749, section 4.4). */
import type { AccessToken } from './types.ts'

const ANSWER_MS = 5_000

/** The source calls the endpoint each time; it rejects with the endpoint's error, never with the secret. */
export function createTokenSource(client: {
  tokenUrl: string | undefined
  clientId: string | undefined
  clientSecret: string | undefined
  scope: string | undefined
}): () => Promise<AccessToken> {
  const { tokenUrl = '', clientId = '', clientSecret = '', scope } = client
  const { protocol, host, pathname, search } = new URL(tokenUrl)
  const url = `${protocol}//${host}${pathname}${search}`
  const credentials = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString(
    'base64',
  )

  return async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope && { scope }) }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>
    if (!response.ok || typeof answer.access_token !== 'string') {
      const reason = [answer.error, answer.error_description].filter(each => typeof each === 'string').join(': ')
      throw new Error(
        `${url} answers ${response.status}${reason ? ` (${reason})` : ''}: check KAFKA_OAUTH_CLIENT_ID and KAFKA_OAUTH_CLIENT_SECRET`,
      )
    }
    const seconds = Number(answer.expires_in)
    return { value: answer.access_token, lifetimeMs: seconds > 0 ? seconds * 1_000 : undefined }
  }
}
