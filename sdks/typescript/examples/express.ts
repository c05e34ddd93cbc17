/** A receiver on Express. Outside of this repository the first import is from '@clarion/sdk'. */

import express, { type Express } from 'express'
import { rawBody, verifyWebhookSignature } from '../src/webhooks/index.ts'

export function createApp(
  secret: string,
  handle: (event: { deliveryId: string; type: string; data: unknown }) => void,
): Express {
  const app = express()
  app.use(rawBody())
  app.post('/hook', (request, response) => {
    if (!verifyWebhookSignature(request.body, request.headers, secret)) {
      response.status(401).json({ error: 'Invalid signature' })
      return
    }
    // Answer first, work afterwards: a slow answer counts as a failed attempt, and the delivery is retried.
    response.status(200).json({ received: true })
    handle(request.body)
  })
  return app
}
