/**
 * A receiver for what takes a `Request` and answers a `Response` (Next.js, Hono, Bun, Deno, workers with Node's crypto). Outside of this
 * repository the import is from '@clarion/sdk'.
 */
import { verifyWebhookSignature } from '../src/webhooks/index.ts'

export function createHandler(
  secret: string,
  handle: (event: { deliveryId: string; type: string; data: unknown }) => void,
) {
  return async function POST(request: Request): Promise<Response> {
    // The text is what was signed; nothing has to be kept beside it.
    const body = await request.text()
    if (!verifyWebhookSignature(body, request.headers, secret)) {
      return Response.json({ error: 'Invalid signature' }, { status: 401 })
    }
    // Where the work is long, hand it to a queue: a slow answer counts as a failed one, and is sent again.
    handle(JSON.parse(body))
    return Response.json({ received: true })
  }
}
