/**
 * A receiver for frameworks with `Request` and `Response` (Next.js, Hono, Bun, Deno, workers with Node's crypto).
 * Outside of this repository the import is from '@clarion/sdk'.
 */
import { verifyWebhookSignature } from '../src/webhooks/index.ts'

export function createHandler(
  secret: string,
  handle: (event: { deliveryId: string; type: string; data: unknown }) => void,
) {
  return async function POST(request: Request): Promise<Response> {
    // The text is the signed content; no other copy is needed.
    const body = await request.text()
    if (!verifyWebhookSignature(body, request.headers, secret)) {
      return Response.json({ error: 'Invalid signature' }, { status: 401 })
    }
    // Hand long work to a queue: a slow answer counts as a failed attempt, and the delivery is retried.
    handle(JSON.parse(body))
    return Response.json({ received: true })
  }
}
