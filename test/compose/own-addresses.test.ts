import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { shareAddresses } from '../../src/compose/own-addresses.ts'
import { createManualClock } from '../delivery/manual-clock.ts'

let dataDir: string
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'clarion-'))
})
afterEach(() => rmSync(dataDir, { recursive: true, force: true }))

describe('processes of one data directory', () => {
  it('know where the others listen, within two seconds', () => {
    const clock = createManualClock()
    const shared = shareAddresses({ dataDir, bound: [{ host: '127.0.0.1', port: 8080 }], clock })
    expect(shared.list()).toEqual([{ host: '127.0.0.1', port: 8080 }])
    writeFileSync(
      join(dataDir, 'listening', `${process.ppid}.json`),
      JSON.stringify([{ host: '127.0.0.1', port: 9464 }]),
    )
    clock.advance(2_000)
    expect(shared.list()).toContainEqual({ host: '127.0.0.1', port: 9464 })
  })

  it('forget those that have ended, and unreadable files', () => {
    const directory = join(dataDir, 'listening')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, '4194305.json'), JSON.stringify([{ host: '127.0.0.1', port: 1 }])) // beyond every pid
    writeFileSync(join(directory, `${process.ppid}.json`), '[{"host":"127.0.0.1"},')
    const shared = shareAddresses({ dataDir, bound: [], clock: createManualClock() })
    expect(shared.list()).toEqual([])
    expect(readdirSync(directory)).not.toContain('4194305.json')
  })

  it('leave nothing behind when they end', () => {
    const shared = shareAddresses({ dataDir, bound: [{ host: '::1', port: 8080 }], clock: createManualClock() })
    shared.close()
    expect(readdirSync(join(dataDir, 'listening'))).toEqual([])
  })
})
