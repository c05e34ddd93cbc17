// biome-ignore-all format: quoted from the source document
// biome-ignore-all lint: quoted from the source document
/** The sample code of Platphorm Design's reference, line by line; only `fetch` (its addresses are relative) and the secret are handed in. */
import crypto from 'crypto'

type Fetch = typeof globalThis.fetch

export async function register(fetch: Fetch) {
// POST /api/v1/webhooks
const response = await fetch('/api/v1/webhooks', {
method: 'POST',
headers: {
'Content-Type': 'application/json',
'X-PlatPhorm-API-Key': '$PLATPHORM_API_KEY'
},
body: JSON.stringify({
url: 'https://your-app.com/webhooks/platphorm',
events: [
'design.created',
'design.exported',
'design.shared'
],
secret: 'your-webhook-secret', // Optional, auto-generated if omitted
description: 'Production webhook for design events',
active: true
})
})
const webhook = await response.json()
return webhook
}

function verifyWebhookSignature(
payload: string,
signature: string,
secret: string
): boolean {
const expectedSignature = crypto
.createHmac('sha256', secret)
.update(payload)
.digest('hex')
const signatureBuffer = Buffer.from(signature.replace('sha256=', ''), 'hex')
const expectedBuffer = Buffer.from(expectedSignature, 'hex')
return crypto.timingSafeEqual(signatureBuffer, expectedBuffer)
}

export const receiver = (process: { env: { WEBHOOK_SECRET: string } }, handle: (event: any) => void) => {
// In your webhook handler
async function POST(request: Request) {
const signature = request.headers.get('X-Platphorm-Signature')
const payload = await request.text()
// @ts-expect-error the sample passes null on when the header is missing
if (!verifyWebhookSignature(payload, signature, process.env.WEBHOOK_SECRET)) {
return new Response('Invalid signature', { status: 401 })
}
const event = JSON.parse(payload)
// Process event...
handle(event)
return new Response('OK', { status: 200 })
}
return POST
}

export async function logs(fetch: Fetch) {
// GET /api/v1/webhooks/:id/deliveries
const response = await fetch('/api/v1/webhooks/wh_abc123/deliveries', {
headers: { 'X-PlatPhorm-API-Key': '$PLATPHORM_API_KEY' }
})
const deliveries = await response.json()
return deliveries
}

export async function retry(fetch: Fetch) {
// Retry a failed delivery manually
await fetch('/api/v1/webhooks/deliveries/evt_def456/retry', {
method: 'POST',
headers: { 'X-PlatPhorm-API-Key': '$PLATPHORM_API_KEY' }
})
}
