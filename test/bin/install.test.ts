/** Installing with the real npm from a registry on loopback, into a folder and with a cache that have never seen a package. */
import { type ChildProcess, execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { makeDataDirectory } from '../support/run-directory.ts'
import { type NpmRegistry, startNpmRegistry } from './npm-registry.ts'

type Lock = { packages: Record<string, Record<string, unknown>> }

const HERE = { os: [process.platform], cpu: [process.arch] }
/** No such platform: npm never installs it. */
const ELSEWHERE = { os: ['plan9'], cpu: ['pdp11'] }
const MANIFEST = {
  name: 'project',
  version: '1.0.0',
  dependencies: { alpha: '^1.0.0' },
  devDependencies: { tester: '1.0.0' },
}
const PACKAGES = [
  {
    name: 'alpha',
    version: '1.0.0',
    dependencies: { beta: '^1.0.0' },
    optionalDependencies: { 'alpha-here': '1.0.0', 'alpha-there': '1.0.0' },
  },
  { name: 'alpha-here', version: '1.0.0', ...HERE },
  { name: 'alpha-there', version: '1.0.0', ...ELSEWHERE },
  { name: 'beta', version: '1.0.0' },
  { name: 'beta', version: '1.1.0' },
  { name: 'beta', version: '2.0.0' },
  { name: 'gamma', version: '1.0.0' },
  { name: 'tester', version: '1.0.0' },
]

let registry: NpmRegistry
let complete: string
beforeAll(async () => {
  registry = await startNpmRegistry(makeDataDirectory(), PACKAGES)
  complete = await makeLock()
})
afterEach(() => registry.restore())
afterAll(() => registry.close())

const settingsOf = (folder: string, url: string) => ({
  npm_config_registry: url,
  npm_config_cache: join(folder, 'npm-cache'),
  npm_config_userconfig: join(folder, 'none'),
  npm_config_fetch_retries: '0',
})

function run(
  folder: string,
  program: string,
  args: string[],
  url = registry.url,
  onStart?: (child: ChildProcess) => void,
): Promise<{ code: number; said: string }> {
  const env = { ...process.env, npm_execpath: '', ...settingsOf(folder, url) }
  return new Promise(resolve => {
    const child = execFile(program, args, { cwd: folder, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, said: stdout + stderr }),
    )
    onStart?.(child)
  })
}

async function makeLock(): Promise<string> {
  const folder = makeDataDirectory()
  writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST))
  const { said, code } = await run(folder, 'npm', ['install', '--package-lock-only'])
  if (code !== 0) throw new Error(said)
  return readFileSync(join(folder, 'package-lock.json'), 'utf8')
}

/** A project whose lock file, or manifest, was changed by `change`. */
function projectWith(change: (lock: Lock, manifest: typeof MANIFEST) => void = () => undefined): string {
  const folder = makeDataDirectory()
  const lock = JSON.parse(complete) as Lock
  const manifest = structuredClone(MANIFEST)
  change(lock, manifest)
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock, undefined, 2))
  return folder
}

async function install(
  folder: string,
  {
    dev = true,
    url = registry.url,
    onStart,
  }: { dev?: boolean; url?: string; onStart?: (child: ChildProcess) => void } = {},
) {
  const lock = readFileSync(join(folder, 'package-lock.json'), 'utf8')
  const script = `const { install } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, '../../bin/install.mjs')).href)})
    await install(process.cwd(), { dev: ${dev} }).catch(error => { console.error('clarion: ' + error.message); process.exitCode = 1 })`
  const result = await run(folder, process.execPath, ['--input-type=module', '--eval', script], url, onStart)
  expect(readFileSync(join(folder, 'package-lock.json'), 'utf8')).toBe(lock)
  return { ...result, installed: installedIn(folder) }
}

function installedIn(folder: string): string[] {
  const modules = join(folder, 'node_modules')
  // An npm that is killed leaves folders without content behind.
  const names = existsSync(modules)
    ? readdirSync(modules).filter(name => existsSync(join(modules, name, 'package.json')))
    : []
  return names
    .map(name => `${name}@${JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version}`)
    .sort()
}

const ALL = ['alpha-here@1.0.0', 'alpha@1.0.0', 'beta@1.1.0', 'tester@1.0.0']

describe('installing', () => {
  it('installs the packages that a complete lock file lists for this machine, and says how long it took', async () => {
    expect(await install(projectWith())).toEqual({
      code: 0,
      said: expect.stringMatching(
        /^clarion: installing packages with npm .*\nclarion: the packages are installed, \d+ s\n$/,
      ),
      installed: ALL,
    })
  })

  it('is done without npm, and without a word, where everything is there', async () => {
    const folder = projectWith()
    await install(folder)
    expect(await install(folder, { url: 'http://127.0.0.1:1' })).toEqual({ code: 0, said: '', installed: ALL })
  })

  it.each([
    ['of another machine', ['alpha-there']],
    ['of this machine', ['alpha-here']],
    ['of every machine', ['alpha-there', 'alpha-here']],
  ])('goes on where the lock file lacks the optional package %s', async (_, names) => {
    const folder = projectWith(lock => {
      for (const name of names) delete lock.packages[`node_modules/${name}`]
    })
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
  })

  it('goes on where the registry does not serve an optional package that the lock file lacks', async () => {
    registry.withdraw('alpha-there')
    const folder = projectWith(lock => void delete lock.packages['node_modules/alpha-there'])
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
  })

  it('keeps to the locked version of a required package when optional ones are missing', async () => {
    const older = await lockedBeta('1.0.0')
    const folder = projectWith(lock => {
      lock.packages['node_modules/beta'] = older
      delete lock.packages['node_modules/alpha-there']
    })
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL.map(name => name.replace('1.1.0', '1.0.0')) })
  })

  it.each<[string, (lock: Lock, manifest: typeof MANIFEST) => void, RegExp]>([
    [
      'a package that package.json needs',
      (_, manifest) => Object.assign(manifest.dependencies, { gamma: '1.0.0' }),
      / {2}- gamma is 1\.0\.0 in package\.json and not in the lock file\n/,
    ],
    [
      'a package that another one needs',
      lock => void delete lock.packages['node_modules/beta'],
      / {2}- beta is missing, alpha needs it\n/,
    ],
    [
      'the range that package.json has',
      (_, manifest) => Object.assign(manifest.dependencies, { alpha: '^1.0.0 || ^2.0.0' }),
      / {2}- alpha is \^1\.0\.0 \|\| \^2\.0\.0 in package\.json and \^1\.0\.0 in the lock file\n/,
    ],
  ])('refuses a lock file that lacks %s, also where optional ones are missing too', async (_, change, fault) => {
    const folder = projectWith((lock, manifest) => {
      change(lock, manifest)
      delete lock.packages['node_modules/alpha-there']
    })
    const { code, said, installed } = await install(folder)
    expect([code, installed]).toEqual([1, []])
    expect(said).toMatch(/clarion: package-lock\.json does not fit package\.json:\n/)
    expect(said).toMatch(fault)
    expect(said).toMatch(/`npm install` and commit it/)
  })

  it('refuses a locked version that its range does not allow', async () => {
    const newer = await lockedBeta('2.0.0')
    const folder = projectWith(lock => Object.assign(lock.packages, { 'node_modules/beta': newer }))
    const { code, said } = await install(folder)
    expect(code).toBe(1)
    expect(said).toContain('  - beta cannot be had in the locked version\n')
  })

  it('leaves out listed packages that nothing needs', async () => {
    const gamma = { version: '1.0.0' }
    const folder = projectWith(lock => Object.assign(lock.packages, { 'node_modules/gamma': gamma }))
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
  })

  it('names the binary of this machine that npm left out, and fetches it with the next start', async () => {
    registry.withdraw('alpha-here')
    const folder = projectWith()
    const without = ALL.filter(name => !name.startsWith('alpha-here'))
    const first = await install(folder)
    expect([first.code, first.installed]).toEqual([0, without])
    expect(first.said).toMatch(
      /npm did not bring alpha-here, made for this machine: .* The next start tries again\.\n$/,
    )
    registry.restore()
    expect(await install(folder)).toMatchObject({
      code: 0,
      installed: ALL,
      said: expect.not.stringContaining('did not bring'),
    })
  })

  it('says what to do when the registry cannot be reached', async () => {
    const { code, said } = await install(projectWith(), { url: 'http://127.0.0.1:1' })
    expect(code).toBe(1)
    expect(said).toMatch(
      /clarion: npm could not get the packages from its registry \(ECONNREFUSED, .*\n.*check the network.*\n.*proxy/,
    )
  })

  it('says what to do when the registry answers with an error', async () => {
    const server = createServer((_, response) => response.writeHead(503).end())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { code, said } = await install(projectWith(), {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    })
    server.close()
    expect([code, said]).toEqual([1, expect.stringContaining('could not get the packages from its registry (E503')])
  })

  it.each(['SIGTERM', 'SIGHUP'] as const)(
    'ends npm when it is ended by %s, and installs with the next start',
    async signal => {
      const asked = Promise.withResolvers<void>()
      const silent = createServer(() => asked.resolve())
      await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
      const folder = projectWith()
      const { said, installed } = await install(folder, {
        url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        onStart: child => void asked.promise.then(() => child.kill(signal)),
      })
      await new Promise(resolve => silent.close(resolve)) // ends when npm, the only client, is gone
      expect([said, installed]).toEqual([expect.stringContaining(`stopped by ${signal}`), []])
      expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
    },
  )

  it.each([
    ['nothing in it', ''],
    ['the number of a process that has ended', '4194303'],
  ])('goes on where an install that was killed has left its mark, with %s', async (_, text) => {
    const folder = projectWith()
    const mark = join(folder, '.clarion', 'installing.lock')
    mkdirSync(join(folder, '.clarion'))
    writeFileSync(mark, text)
    utimesSync(mark, 0, 0)
    expect(await install(folder)).toMatchObject({ code: 0, installed: ALL })
    expect(existsSync(mark)).toBe(false)
  })

  it('says where the lock file comes from when there is none', async () => {
    const folder = projectWith()
    mkdirSync(join(folder, 'sub'))
    writeFileSync(join(folder, 'package-lock.json'), '{"packages":')
    expect(await install(folder)).toMatchObject({
      code: 1,
      said: expect.stringMatching(/^clarion: package-lock\.json is missing or cannot be read: .*git checkout/),
    })
  })
})

async function lockedBeta(version: string): Promise<Record<string, unknown>> {
  const answer = (await (await fetch(`${registry.url}/beta`)).json()) as {
    versions: Record<string, { dist: { integrity: string } }>
  }
  return { version, integrity: answer.versions[version]!.dist.integrity }
}
