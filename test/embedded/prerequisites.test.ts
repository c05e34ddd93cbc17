import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { verifyJars } from '../../src/embedded/kafka-jars.ts'
import { makeDataDirectory } from '../support/run-directory.ts'

const PREPARE = fileURLToPath(new URL('../../src/embedded/prepare.ts', import.meta.url))

/** Prepares the embedded broker for a new user on a machine that has only these programs. */
function prepareWith(...programs: string[]): Promise<{ code: number; said: string }> {
  const machine = makeDataDirectory()
  mkdirSync(join(machine, 'bin'))
  for (const name of programs)
    symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(machine, 'bin', name))
  const env = { PATH: join(machine, 'bin'), HOME: machine }
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PREPARE],
      { env },
      (_, __, said) => {
        resolve({ code: child.exitCode ?? 0, said })
      },
    )
  })
}

/** Prepares it with Maven, for a new user, without a way to its repository. */
async function prepareOffline(): Promise<{ code: number; said: string; left: string[] }> {
  const user = makeDataDirectory()
  const proxies = ['http', 'https'].map(scheme => `-D${scheme}.proxyHost=127.0.0.1 -D${scheme}.proxyPort=1`).join(' ')
  const env = { ...process.env, CLARION_CACHE_DIR: join(user, 'cache'), MAVEN_OPTS: `-Duser.home=${user} ${proxies}` }
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', PREPARE],
      { env },
      (_, __, said) => {
        resolve({ code: child.exitCode ?? 0, said, left: readdirSync(user) })
      },
    )
  })
}

describe('the embedded broker', () => {
  it('says in one sentence that Java is missing', async () => {
    const { code, said } = await prepareWith()
    expect(code).toBe(1)
    expect(said).toMatch(/^clarion: Java is missing: install Java 17 or newer .*, or set KAFKA_BROKERS\.\n$/)
  })

  it('says in one sentence that Maven is missing', async () => {
    const { code, said } = await prepareWith('java')
    expect(code).toBe(1)
    expect(said).toMatch(/\nclarion: Maven is missing: install it .*, or set KAFKA_BROKERS\.\n$/)
  })

  it('says what to do when Maven cannot reach its repository, and keeps to CLARION_CACHE_DIR', async () => {
    const { code, said, left } = await prepareOffline()
    expect(code).toBe(1)
    expect(said).toMatch(
      /clarion: Maven could not fetch Kafka from its repository: .*Connection refused.*\nWhat to do:\n.*network\n.*settings\.xml.*\n/,
    )
    expect(said).toContain('or set KAFKA_BROKERS')
    expect(left.sort()).toEqual(['.m2', 'cache'])
  })

  it('runs no jar that is not, byte for byte, the one that was pinned', () => {
    const lib = makeDataDirectory()
    const pinned = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  hello.jar\n'
    writeFileSync(join(lib, 'hello.jar'), 'hello')
    expect(() => verifyJars(lib, pinned)).not.toThrow()
    writeFileSync(join(lib, 'more.jar'), 'more')
    expect(() => verifyJars(lib, pinned)).toThrow(/not the ones that were pinned: more\.jar$/)
    writeFileSync(join(lib, 'hello.jar'), 'hullo')
    expect(() => verifyJars(lib, pinned)).toThrow(/hello\.jar, more\.jar$/)
    expect(() => verifyJars(makeDataDirectory(), pinned)).toThrow(/hello\.jar$/)
  })
})
