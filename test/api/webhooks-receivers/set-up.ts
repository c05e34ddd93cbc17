/** The API with one organization, and a receiver for its webhooks. */
import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { Webhook as Standard } from 'standardwebhooks'
import { createReceiver, type Receiver } from '../../support/receiver.ts'
import { openTestApi, type TestApi } from '../api-harness.ts'

/** A day's overlap becomes 20 seconds: long enough for a test, and not a day. */
const TIME_SCALE = 20_000 / 86_400_000
export let api: TestApi
export let receiver: Receiver

export let owner: Awaited<ReturnType<TestApi['organization']>>

export let call: typeof owner.call
export const WEBHOOKS = '/api/v1/webhooks'

export const create = async (fields: object = {}) =>
  (await call('POST', WEBHOOKS, { url: `${receiver.url}/in`, events: ['*'], ...fields })).data

export const last = () => receiver.requests.at(-1)!

export const verified = (secret: string) => {
  const { body, headers } = last()
  try {
    return Boolean(new Standard(secret).verify(body, headers))
  } catch {
    return false
  }
}

/** Opens the API of the file. Call this once, at its top. */
export function useReceiver(): void {
  beforeAll(async () => {
    api = await openTestApi({ egress: { allow: ['127.0.0.0/8'], allowHttp: true }, timeScale: TIME_SCALE })
    receiver = await createReceiver()
    owner = await api.organization('ENTERPRISE')
    call = owner.call
  })
  afterAll(async () => {
    await receiver?.close()
    await api?.close()
  })
  afterEach(() => receiver.answerWith(() => ({ status: 204 })))
}
