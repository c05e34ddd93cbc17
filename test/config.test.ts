import { expect, it } from '@jest/globals'
import { readConfig } from '../src/config.ts'

it('settings that are not whole numbers, address ranges or URLs are refused by name, all at once', () => {
  const read = () => readConfig({ PORT: '80.5', CLARION_SHARDS: '2.5', EGRESS_ALLOW: '127.0.0.0/8,banana', CLICKHOUSE_URL: 'banana' })
  for (const name of ['PORT', 'CLARION_SHARDS', 'EGRESS_ALLOW', 'CLICKHOUSE_URL']) expect(read).toThrow(`${name} must be`)
  expect(readConfig({ CLARION_TIME_SCALE: '0.5', EGRESS_ALLOW: '127.0.0.0/8, ::1' }).timeScale).toBe(0.5)
})
