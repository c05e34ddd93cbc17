/** Code in a sandbox: what it computes, what it cannot reach, and what its misbehaviour costs: itself. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from '@jest/globals'
import { createSystemClock } from '../../src/clock.ts'
import { identifyProcess, waitUntilGone } from '../../src/embedded/process-identity.ts'
import type { Job } from '../../src/sandbox/job.ts'
import { type CodeEnd, createSandboxPool } from '../../src/sandbox/pool.ts'
import { patient } from '../support/patience.ts'

const NEVER = new AbortController().signal
const ends: string[] = []
const observe = {
  ended: () => undefined,
  waited: () => undefined,
  killed: (reason: string) => void ends.push(reason),
  running: () => undefined,
}
const pool = createSandboxPool({ clock: createSystemClock(), observe })
afterAll(() => pool.close())

const job = (code: string, more: Partial<Job> = {}): Job => ({
  ...{ code, input: '{"n":1}', timeoutMs: 10_000, memoryMb: 32, nowMs: 1_785_000_000_000, seed: [1, 2, 3, 4] },
  ...more,
})
const run = (code: string, more: Partial<Job> = {}): Promise<CodeEnd> => pool.run('org_a', job(code, more), NEVER)
const value = async (code: string, more: Partial<Job> = {}): Promise<unknown> => {
  const end = await run(code, more)
  if (end.state === 'failed') throw new Error(`${end.code}: ${end.message}`)
  return JSON.parse(end.value)
}

describe('code', () => {
  it('computes its answer from its input, and says what it logs', async () => {
    expect(await run('console.log("n", input); return { twice: input.n * 2 }')).toEqual({
      ...{ state: 'done', value: '{"twice":2}', logs: ['n {"n":1}'] },
    })
    expect(await value('return (async () => { await null; return [...new Set([1, 1n])].length })()')).toBe(2)
    expect(await value('')).toBeNull()
  })

  it('gives the same answer again: its clock and its randomness are those of the job', async () => {
    const code = `return { now: Date.now(), date: new Date(), text: Date(), zone: new Date().getTimezoneOffset(),
      of: [new Date(2026, 1, 2).getTime(), Date.UTC(2026, 1), new Date(5) instanceof Date],
      random: [Math.random(), Math.random()] }`
    const first = (await value(code)) as { random: number[] }
    expect(await value(code)).toEqual(first)
    expect(first).toMatchObject({ now: 1_785_000_000_000, date: '2026-07-25T17:20:00.000Z', zone: 0 })
    expect(first).toMatchObject({ of: [Date.UTC(2026, 1, 2), Date.UTC(2026, 1), true] })
    expect(first.random.every(each => each >= 0 && each < 1)).toBe(true)
    expect(((await value(code, { seed: [9, 8, 7, 6] })) as { random: number[] }).random).not.toEqual(first.random)
  })

  it('that fails says where', async () => {
    expect(await run('let a = 1\nnull.x')).toMatchObject({
      code: 'code_error',
      message: expect.stringMatching(/^TypeError: .*code:2:/s),
    })
    expect(await run('let 1')).toMatchObject({
      code: 'code_error',
      message: expect.stringMatching(/^SyntaxError: .*code:1:/s),
    })
  })

  it('leaves nothing to the code after it', async () => {
    await run('globalThis.left = 1; Object.prototype.left = 2; JSON.parse = null; Array.prototype.map = null; return 1')
    expect(await value('return [typeof left, typeof {}.left, typeof JSON.parse, typeof [].map]')).toEqual([
      ...['undefined', 'undefined', 'function', 'function'],
    ])
  })
})

describe('a way out', () => {
  const NOTHING = [
    'process',
    'require',
    'module',
    'fetch',
    'WebAssembly',
    'Buffer',
    'setTimeout',
    'XMLHttpRequest',
    'Deno',
    'std',
    'os',
    'navigator',
    'performance',
    'queueMicrotask',
    'structuredClone',
    'Worker',
    'SharedWorker',
    'importScripts',
  ]

  it('is none of the names that hosts give', async () => {
    expect(
      await value(`return ${JSON.stringify(NOTHING)}.filter(name => typeof globalThis[name] !== 'undefined')`),
    ).toEqual([])
  })

  it.each([
    'this.constructor.constructor("return typeof process")()',
    '(function(){}).constructor("return typeof process")()',
    '(async () => {}).constructor("return typeof process")().constructor.constructor("return typeof process")()',
    '(function*(){}).constructor("return typeof process")().next().value',
    'Reflect.construct(Function, ["return typeof process"])()',
    'Object.getPrototypeOf(async function(){}).constructor("a", "return typeof process")(1) && typeof process',
    'eval("typeof process")',
    '(0, eval)("typeof process")',
    'new Function("return typeof require")()',
    'console.log.constructor("return typeof process")()',
    'Date.now.constructor("return typeof process")()',
    'Math.random.constructor("return typeof process")()',
    'typeof ({}).__proto__.constructor.constructor("return this")().process',
    'typeof Error.prepareStackTrace',
    'typeof arguments.callee.caller',
    'typeof globalThis.constructor.prototype.process',
    'typeof new Proxy({}, { get: (_, name) => globalThis[name] }).process',
  ])('is not %s', async code => {
    const end = await run(`return ${code}`)
    expect(end.state === 'failed' ? end.code : ['"undefined"', '"object"'].includes(end.value)).toBe(
      end.state === 'failed' ? 'code_error' : true,
    )
  })

  it('is no module: import finds none', async () => {
    expect(await run('return import("fs")')).toMatchObject({ state: 'failed', code: 'code_error' })
    expect(await run('return import("node:child_process").then(() => 1, error => { throw error })')).toMatchObject({
      code: 'code_error',
    })
    expect(await run('import fs from "fs"')).toMatchObject({ code: 'code_error' })
  })

  it('is not the platform’s own part in the context: replaced built-ins change the answer alone', async () => {
    const code = `JSON.stringify = () => { throw 1 }; Array.prototype.push = Object.defineProperty = Reflect.apply = null
      String = () => 'evil'; Object.defineProperty = () => { throw 2 }; console.log('still'); return [1]`
    expect(await run(code)).toEqual({ state: 'done', value: '[1]', logs: ['still'] })
    for (const thrown of [
      '{ get name() { throw 1 } }',
      '{ toString: null, message: Symbol() }',
      'new Proxy({}, { get() { throw 3 } })',
    ])
      expect(await run(`throw ${thrown}`)).toMatchObject({ state: 'failed', code: 'code_error' })
  })
})

describe('code that takes too much', () => {
  const SHORT = { timeoutMs: 100 }
  it.each([
    ['a loop', 'for (;;) {}'],
    ['a loop that catches everything', 'for (;;) try { for (;;) {} } catch {} finally { for (;;) {} }'],
    ['a pattern', 'return /^(a+)+$/.test("a".repeat(60) + "b")'],
    ['a loop in its answer', 'return { toJSON() { for (;;) {} } }'],
    ['a loop in its error', 'throw { get message() { for (;;) {} } }'],
    ['promises without end', 'const turn = () => Promise.resolve().then(turn); return turn()'],
    [
      'a sort',
      'return Array.from({ length: 5000 }, (_, n) => n).sort(() => { for (let n = 0; n < 1e5; n++); return 1 })',
    ],
  ])('time: %s ends as code_timeout', async (_what, code) => {
    expect(await run(code, SHORT)).toMatchObject({ state: 'failed', code: 'code_timeout' })
  })

  it('time in one operation of the engine: its process is killed', async () => {
    const before = ends.length
    expect(await run('return new Array(4e9)', SHORT)).toMatchObject({ code: 'code_timeout' })
    expect(ends.slice(before)).toEqual(['stuck'])
  })

  it.each([
    ['a list', 'const all = []; for (;;) all.push({ n: all.length, of: [] })'],
    ['nothing, and null thrown', 'throw null'],
    ['a text at once', 'return "a".repeat(1e9)'],
    ['a buffer', 'return new ArrayBuffer(50e6).byteLength'],
    ['a map', 'const all = new Map(); for (let n = 0; ; n++) all.set(n, [n])'],
  ])('memory: %s ends as code_memory', async (_what, code) => {
    expect(await run(code, { memoryMb: 2 })).toMatchObject({ state: 'failed', code: 'code_memory' })
  })

  it.each([
    ['a text', 'let text = "x"; for (;;) text += text', 'string too long'],
    ['recursion', 'const f = () => f(); f()', 'stack overflow'],
    ['a result', 'return "x".repeat(262_143)', 'larger than 262144'],
    ['undefined', 'throw undefined', 'undefined'],
    ['a circle', 'const o = {}; o.o = o; return o', 'circular'],
    ['a big integer', 'return 1n', 'BigInt'],
    ['a promise that never settles', 'return new Promise(() => {})', 'never settles'],
  ])('%s ends as code_error', async (_what, code, said) => {
    expect(await run(code)).toMatchObject({ code: 'code_error', message: expect.stringContaining(said) })
  })

  it('lines: what is beyond 16 KB is cut, and says so', async () => {
    const { logs } = await run('for (let n = 0; n < 1e4; n++) console.log("y".repeat(9)); return 1')
    expect(logs.length).toBe(1_639)
    expect(logs.at(-1)).toBe('…cut')
  })

  it('halves of characters and NULs come through, or are replaced', async () => {
    expect(await value('return ["\\ud800", "a\\0b"]')).toEqual(['\ud800', 'a\0b'])
    expect(await value('return input', { input: '"a\\u0000b\\ud83d\\ude00"' })).toBe('a\0b😀')
  })

  it('is refused for a minute when it has ended three processes, and hurts nobody beside it', async () => {
    const nested = 'return JSON.parse("[".repeat(100_000) + "]".repeat(100_000))'
    const before = ends.length
    const [bad, good] = await Promise.all([run(nested), pool.run('org_b', job('return 5'), NEVER)])
    expect(bad).toMatchObject({ state: 'failed', code: 'code_crashed' })
    expect(good).toMatchObject({ state: 'done', value: '5' })
    expect(ends.slice(before)).toEqual(['died', 'died', 'died'])
    expect(await run(nested)).toMatchObject({ code: 'code_crashed', message: expect.stringContaining('refused') })
    expect(ends).toHaveLength(before + 3)
    expect(await value('return 6')).toBe(6)
  })
})

it('a platform that is killed leaves no sandbox behind', async () => {
  const program = fileURLToPath(new URL('lone-parent.ts', import.meta.url))
  const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout!, 'data')) as [Buffer]
  const sandbox = identifyProcess(Number(line.toString()))!
  expect(sandbox).toBeDefined()
  parent.kill('SIGKILL')
  expect(await waitUntilGone(sandbox, patient(20_000))).toBe(true)
})
