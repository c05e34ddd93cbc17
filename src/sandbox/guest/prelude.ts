/**
 * Runs before the code of a job, in the same context. It fixes time and randomness, makes a console, and
 * answers the function that runs the code. That function holds every built-in that it needs, so code that replaces them
 * changes its own answer and nothing else.
 */
import { JOB_LIMITS } from '../job.ts'

const { valueCharacters, logCharacters } = JOB_LIMITS

export const preludeOf = (nowMs: number, seed: readonly number[]): string =>
  `(${prelude})(${Number(nowMs)}, ${JSON.stringify(seed.map(Number))}, ${valueCharacters}, ${logCharacters})`

const prelude = String.raw`function (now, seed, valueMax, logMax) {
  'use strict'
  const { stringify, parse } = JSON
  const { construct, apply } = Reflect
  const { defineProperty } = Object
  const text = String
  const Compiled = Function
  const Failure = Error

  const SystemDate = Date
  function FixedDate(...given) {
    if (new.target === undefined) return text(new SystemDate(now))
    return construct(SystemDate, given.length === 0 ? [now] : given, new.target)
  }
  FixedDate.prototype = SystemDate.prototype
  defineProperty(FixedDate, 'length', { value: 7 })
  defineProperty(FixedDate, 'name', { value: 'Date' })
  FixedDate.now = () => now
  FixedDate.parse = SystemDate.parse
  FixedDate.UTC = SystemDate.UTC
  SystemDate.prototype.constructor = FixedDate
  globalThis.Date = FixedDate
  delete globalThis.performance

  // xoshiro128** of Blackman and Vigna, 32 bits a turn.
  const { imul } = Math
  let [a, b, c, d] = seed
  const turned = (word, by) => (word << by) | (word >>> (32 - by))
  const next = () => {
    const given = imul(turned(imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = turned(d, 11)
    return given
  }
  Math.random = () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992

  const logs = []
  let logged = 0
  let lines = 0
  const shown = value => {
    if (typeof value === 'string') return value
    try {
      const json = stringify(value)
      return json === undefined ? text(value) : json
    } catch {
      return '?'
    }
  }
  const log = (...values) => {
    if (logged > logMax) return
    let line = ''
    for (let at = 0; at < values.length; at++) line += (at === 0 ? '' : ' ') + shown(values[at])
    logged += line.length + 1
    defineProperty(logs, lines++, {
      value: logged > logMax ? '…cut' : line,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  globalThis.console = { log, info: log, warn: log, error: log, debug: log }

  const said = error => {
    try {
      if (typeof error !== 'object' || error === null) return 'The code threw ' + shown(error)
      const stack = typeof error.stack === 'string' ? '\n' + error.stack : ''
      return text(error.name) + ': ' + text(error.message) + stack
    } catch {
      return 'The code threw what cannot be shown.'
    }
  }
  const answer = value => {
    const json = stringify(value)
    if (json === undefined) return 'null'
    if (json.length > valueMax) throw new Failure('the result is larger than ' + valueMax + ' characters of JSON')
    return json
  }
  return {
    run: (code, input) => apply(new Compiled('input', code), undefined, [parse(input)]),
    answer,
    said,
    logs: () => stringify(logs),
  }
}`
