/** A server that answers as one would, and a home of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach } from '@jest/globals'
import { createReceiver, type Receiver } from '../../../support/receiver.ts'

export const ok = (data: unknown, meta: object = {}) => ({
  status: 200,
  headers: { date: new Date().toUTCString() },
  body: JSON.stringify({ success: true, data, meta }),
})

export const caller = {
  kind: 'key',
  organization: { id: 'org_1', name: 'Northwind', slug: 'northwind', plan: 'PRO', status: 'active' },
  key: { id: 'key_1', name: 'k', environment: 'test', scopes: ['events:read'], expiresAt: null },
}

export let server: Receiver

export let home: string

export let env: Record<string, string>

beforeEach(async () => {
  server = await createReceiver()
  home = mkdtempSync(join(tmpdir(), 'clarion-home-'))
  env = { HOME: home, CLARION_URL: server.url, CLARION_API_KEY: 'ck_test_x' }
})

afterEach(async () => {
  rmSync(home, { recursive: true, force: true })
  await server.close()
})

export const asked = () => server.requests.map(({ method, path, body }) => [method, path, body.toString()])
