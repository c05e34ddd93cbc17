/** The baseline of delivery, a program of its own: sign a body and POST it with undici, over and over, on 50 connections. It reads nothing and keeps nothing. */
import { Pool } from 'undici'
import { signatureHeaders } from '../../src/delivery/sign.ts'
import { orderJson } from '../order.ts'

export interface RawSenderSettings {
  port: number
  requests: number
}

const CONNECTIONS = 50
const SECRET = 'whsec_dGhlIHNlY3JldCBvZiB0aGUgYmVuY2g='

process.once('disconnect', () => process.exit(0))
process.once('message', settings => void run(settings as RawSenderSettings))

async function run({ port, requests }: RawSenderSettings): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 })
  let next = 0
  const worker = async () => {
    while (next < requests) {
      const body = Buffer.from(orderJson(next++).repeat(2))
      const headers = {
        'content-type': 'application/json',
        ...signatureHeaders(SECRET, `dlv_${next}`, 1_790_000_000, body),
      }
      const answer = await pool.request({ method: 'POST', path: '/hook', body, headers })
      await answer.body.dump()
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  await pool.close()
  process.exit(0)
}
