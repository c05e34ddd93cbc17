/** A whole platform whose secret key changes under a webhook. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, expect } from '@jest/globals'
import { keyIdOf } from '../../src/crypto/secret-box.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'

const OLD = 'the old key of this installation, in 48 characters'
const NEW = 'the new key of this installation, in 48 characters'

let platform: TestPlatform
let receiver: Receiver
afterAll(async () => {
  await platform?.stop()
  await receiver?.close()
})

/** Another key stops a start, and a change of it goes unnoticed by a receiver; `isPreviousDropped`: also when the previous one is not given any more. */
export async function changeKey({ isPreviousDropped }: { isPreviousDropped: boolean }): Promise<void> {
  receiver = await createReceiver()
  platform = await startPlatform({ env: { CLARION_SECRET_KEY: OLD } })
  const { dataDir } = platform
  const organization = await platform.organization()
  const given = {
    url: receiver.url,
    events: ['*'],
    signatureProfiles: ['standard', 'ed25519'],
    headers: { 'X-Shop': 'eu-1' },
  }
  const { data: webhook } = await organization.call<{ id: string; publicKey: string }>(
    'POST',
    '/api/v1/webhooks',
    given,
  )
  const read = () =>
    platform.call<{ publicKey: string; revision: number }>(organization.apiKey, 'GET', `/api/v1/webhooks/${webhook.id}`)
  const test = () =>
    platform.call<{ success: boolean }>(organization.apiKey, 'POST', `/api/v1/webhooks/${webhook.id}/test`)
  const keyIds = () => readFileSync(join(dataDir, 'kafka', 'secret-key-ids.json'), 'utf8')
  expect(keyIds()).toBe(JSON.stringify([keyIdOf(OLD)]))
  await platform.stop()

  const refused = spawnSync(process.execPath, [fileURLToPath(new URL('../../src/main.ts', import.meta.url))], {
    env: {
      ...process.env,
      CLARION_DATA_DIR: dataDir,
      CLARION_ADMIN_KEY: platform.adminKey,
      CLARION_SECRET_KEY: NEW,
      PORT: '0',
    },
    encoding: 'utf8',
  })
  expect([refused.status, refused.stderr]).toEqual([
    1,
    expect.stringContaining(`needs the key with the fingerprint ${keyIdOf(OLD)}, and ${keyIdOf(NEW)} was given`),
  ])
  expect(refused.stderr + keyIds()).not.toMatch(/key of this installation, in/)

  platform = await startPlatform({
    dataDir,
    env: { CLARION_SECRET_KEY: NEW, CLARION_SECRET_KEY_PREVIOUS: OLD, LOG_LEVEL: 'info' },
  })
  expect((await test()).data.success).toBe(true)
  while (keyIds() !== JSON.stringify([keyIdOf(NEW)])) await pause(20)
  expect(platform.log()).toContain('CLARION_SECRET_KEY_PREVIOUS is not needed any more')
  if (!isPreviousDropped) return
  await platform.stop()

  platform = await startPlatform({ dataDir, env: { CLARION_SECRET_KEY: NEW } })
  expect([(await test()).data.success, (await read()).data]).toEqual([
    true,
    expect.objectContaining({ publicKey: webhook.publicKey, revision: 1 }),
  ])
  expect(receiver.requests.map(({ headers }) => headers['x-shop'])).toEqual(['eu-1', 'eu-1'])
}
