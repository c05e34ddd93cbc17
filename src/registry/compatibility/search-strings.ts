/** Strings: lengths, patterns and formats. Patterns and formats are names; samples are tried for a value. */
import type { Atom } from './form.ts'
import { holds } from './holds.ts'
import { accepted, EMPTY, type Found, type Literals, type Search } from './search-terms.ts'

/** Each value of the first format has the second. */
const NARROWER: ReadonlyArray<[string, string]> = [['uri', 'uri-reference']]

const SAMPLES = [
  ...[
    'a',
    'x',
    'xyz',
    'text',
    'A',
    'ABC',
    'A1',
    '1',
    '12',
    '123',
    '12345',
    '0',
    '-1',
    '1.5',
    '_',
    ' ',
    'a b',
    'é',
    '😀',
  ],
  ...['2026-01-01', '2026-01-01T00:00:00Z', '10:00:00Z', 'P1D', 'ann@example.com', 'example.com', 'www.example.com'],
  ...['192.0.2.1', '2001:db8::1', 'https://example.com/', 'urn:a:b', '/a', '/a/{b}', '1/a', '{b}', '%', '\\', 'AAAA'],
  '01234567-89ab-4cde-8f01-23456789abcd',
]

/** Longer values are not tried. */
const LENGTH_MAX = 1_000

export function findString({ holding, failing }: Literals, { pattern, hints }: Search): Found {
  let low = 0
  let high = Number.POSITIVE_INFINITY
  for (const atom of holding) {
    if (atom.kind !== 'bound') continue
    if (atom.side === 'min') low = Math.max(low, Math.ceil(atom.limit))
    else high = Math.min(high, Math.floor(atom.limit))
  }
  if (low > high || contradict(holding, failing)) return EMPTY
  const passes = (text: string): boolean =>
    holding.every(atom => holds(atom, text, pattern) === true) &&
    failing.every(atom => holds(atom, text, pattern) === false)
  if (high === 0) return passes('') ? accepted('') : EMPTY
  const shortest = 'a'.repeat(Math.min(low, LENGTH_MAX))
  if (passes(shortest)) return accepted(shortest)
  const fitting = [shortest, '', ...hints, ...SAMPLES, ...literalTexts(holding)]
  const found =
    fitting.find(passes) ??
    fitting
      .flatMap(text => (text.length > 0 && text.length < low && low < LENGTH_MAX ? pad(text, low) : []))
      .find(passes)
  return found === undefined ? undefined : accepted(found)
}

const pad = (text: string, length: number): string[] => [
  text.repeat(Math.ceil(length / text.length)).slice(0, length),
  text.padEnd(length, '0'),
]

const contradict = (holding: Atom[], failing: Atom[]): boolean =>
  holding.some(
    atom =>
      atom.kind === 'format' &&
      failing.some(
        other =>
          other.kind === 'format' && NARROWER.some(([narrow, wide]) => atom.name === narrow && other.name === wide),
      ),
  )

/** Texts that simple patterns match: their own letters, with counts and classes filled in. */
function literalTexts(holding: Atom[]): string[] {
  return holding.flatMap(atom => {
    if (atom.kind !== 'pattern') return []
    const bare = atom.text.replace(/^\^/, '').replace(/\$$/, '')
    const filled = (letter: string): string =>
      bare
        .replace(/\\d|\[0-9\]/g, '0')
        .replace(/\[A-Z\]|\[A-Z0-9\]/g, 'A')
        .replace(/\[[^\]]*\]|\\w|(?<!\\)\./g, letter)
        .replace(/(.)\{(\d+)(?:,\d*)?\}/g, (_, one: string, count: string) => one.repeat(Math.min(Number(count), 200)))
        .replace(/[+*?]/g, '')
        .replace(/\\(.)/g, '$1')
    const first = bare.replace(/[()]/g, '').split('|')
    return [filled('a'), filled('0'), filled('A'), ...first]
  })
}
