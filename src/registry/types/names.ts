/**
 * Identifiers from names of properties and values. Punctuation is dropped, and names that then collide are numbered.
 */

/** Letters that Go and Python accept in identifiers in every version of Unicode. */
const LETTERS =
  'A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f\\u0370-\\u0373\\u0386-\\u03ff\\u0400-\\u0481\\u048a-\\u052f\\u05d0-\\u05ea' +
  '\\u0620-\\u064a\\u0671-\\u06d3\\u0904-\\u0939\\u0e01-\\u0e30\\u3041-\\u3096\\u30a1-\\u30fa\\u4e00-\\u9fa5\\uac00-\\ud7a3'
const WORD = new RegExp(`(?:(?=\\p{L})[${LETTERS}])+|[0-9]+`, 'gu')
const NAME_CHARACTERS_MAX = 60

/** `viewingBooked_at` becomes `viewing`, `booked`, `at`; never empty. */
export function wordsOf(name: string): string[] {
  if (name === '') return ['empty']
  const signed = name.replace(/^\+(?=\d)/, 'plus ').replace(/^-(?=\d)/, 'minus ')
  const parted = signed
    .normalize('NFKC')
    .slice(0, NAME_CHARACTERS_MAX)
    .replace(/(\p{Ll}|\d)(?=\p{Lu})/gu, '$1 ')
    .replace(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
  const words = joinDigits(parted)
  // Symbols and emoji are named by their code points.
  return words.length > 0 ? words : [...name].slice(0, 4).map(character => `u${character.codePointAt(0)?.toString(16)}`)
}

/** Digits belong to the word before them, as in `sha256`. */
function joinDigits(text: string): string[] {
  const words: string[] = []
  let end = -1
  for (const match of text.matchAll(WORD)) {
    const isNext = match.index === end && (/^\d/.test(match[0]) || /\d$/.test(words.at(-1) ?? ''))
    if (isNext) words.push(`${words.pop()}${match[0]}`)
    else words.push(match[0])
    end = match.index + match[0].length
  }
  return words
}

/** Abbreviations that Go writes in capitals. */
const INITIALISMS = new Set([
  'api',
  'html',
  'http',
  'https',
  'id',
  'ip',
  'json',
  'sha',
  'sql',
  'uri',
  'url',
  'utc',
  'uuid',
  'xml',
])

/** `BookedAt`, beginning with a capital letter of some script, or with `X`. */
export function pascalCase(words: string[], initialisms = false): string {
  const capital = (word: string): string => {
    if (initialisms && INITIALISMS.has(word.toLowerCase())) return word.toUpperCase()
    const first = word.charAt(0).toUpperCase()
    // A few letters have an upper case of several characters, some of which are not letters.
    return (first.length === 1 ? first : word.charAt(0)) + word.slice(1)
  }
  // Adjacent digits are separated: 1.5 becomes 1_5.
  const joined = words
    .map(capital)
    .reduce((all, word) => all + (/\d$/.test(all) && /^\d/.test(word) ? '_' : '') + word, '')
  return /^\p{Lu}/u.test(joined) ? joined : `X${joined}`
}

/** `booked_at`, beginning with a letter. */
export function snakeCase(words: string[]): string {
  const joined = words.map(word => word.toLowerCase().normalize('NFKC')).join('_')
  return /^\d/.test(joined) ? `x_${joined}` : joined
}

/** `lines` becomes `line`: the name of one item. */
export function singular(name: string): string {
  if (/[^aeiou]ies$/i.test(name)) return name.replace(/ies$/i, 'y')
  if (/(?:ss|x|ch|sh)es$/i.test(name)) return name.slice(0, -2)
  return /[^sui]s$/i.test(name) ? name.slice(0, -1) : name
}

export interface Names {
  /** The first candidate that is free; else the last one with a number. */
  take(...candidates: string[]): string
}

export function createNames(taken: Iterable<string>): Names {
  const used = new Set(taken)
  return {
    take(...candidates) {
      const free = candidates.find(candidate => !used.has(candidate)) ?? numbered(candidates.at(-1) as string)
      used.add(free)
      return free
    },
  }
  function numbered(name: string): string {
    const stem = /\d$/.test(name) ? `${name}_` : name
    for (let number = 2; ; number++) if (!used.has(`${stem}${number}`)) return `${stem}${number}`
  }
}
