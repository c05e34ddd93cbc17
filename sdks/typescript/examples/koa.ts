/** A receiver on Koa. Outside of this repository the second import is from '@clarion/sdk'. */
import Koa from 'koa'
import { type ParsedBody, rawBody, verifyWebhookSignature } from '../src/webhooks/index.ts'

type Event = ParsedBody & { deliveryId: string; type: string; data: unknown }

export function createApp(secret: string, handle: (event: Event) => void): Koa {
  const app = new Koa()
  app.use(rawBody())
  app.use(context => {
    const { body } = context.request as unknown as { body: Event }
    if (!verifyWebhookSignature(body, context.headers, secret)) {
      context.status = 401
      context.body = { error: 'Invalid signature' }
      return
    }
    // Answer first, work afterwards: a slow answer counts as a failed attempt, and the delivery is retried.
    context.body = { received: true }
    context.res.once('finish', () => handle(body))
  })
  return app
}
