import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { createDiskGuard, FREE_BYTES_MIN, freeBytesAt } from '../../src/embedded/disk-guard.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

describe('the disk under the embedded ClickHouse', () => {
  let free = 0
  let told: string[] = []
  let said: jest.SpiedFunction<typeof console.error>
  const guards: Array<{ stop(): void }> = []
  const guard = () => {
    const made = createDiskGuard({ freeBytes: () => free, tell: async statement => void told.push(statement) })
    guards.push(made)
    return made
  }
  beforeEach(() => {
    told = []
    said = jest.spyOn(console, 'error').mockImplementation(() => undefined)
  })
  afterEach(() => {
    said.mockRestore()
    for (const each of guards.splice(0)) each.stop()
  })

  it('is let alone while there is room', async () => {
    free = FREE_BYTES_MIN
    const disk = guard()
    await disk.check()
    expect(disk.isLow()).toBe(false)
    expect(told).toEqual([])
  })

  it('is not written to when it is nearly full: merges stop, inserts are refused, each told once', async () => {
    free = FREE_BYTES_MIN - 1
    const disk = guard()
    await disk.check()
    await disk.check()
    expect(disk.isLow()).toBe(true)
    expect(told).toEqual(['SYSTEM STOP MERGES'])
    expect(said).toHaveBeenCalledTimes(1)
  })

  it('is written to again when there is clearly more room, not at the first free byte', async () => {
    free = 0
    const disk = guard()
    await disk.check()
    free = FREE_BYTES_MIN
    await disk.check()
    expect(disk.isLow()).toBe(true)
    free = FREE_BYTES_MIN * 1.25
    await disk.check()
    expect(disk.isLow()).toBe(false)
    expect(told).toEqual(['SYSTEM STOP MERGES', 'SYSTEM START MERGES'])
  })

  it('is asked how much a user of it may write', () => {
    expect(freeBytesAt(makeDataDirectory())).toBeGreaterThan(0)
  })
})
