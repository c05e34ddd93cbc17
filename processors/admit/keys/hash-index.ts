/**
 * Maps a hash to references of entries that the caller keeps: open addressing in small tables, and a directory over
 * them by the upper bits of the hash (extendible hashing). A full table doubles up to 16,384 slots and is split in two
 * after that, so growing never copies more than one table, whatever the number of entries. Tables shrink as entries are
 * removed.
 */

interface Table {
  /** For each slot the hash, and the reference + 1; 0: free. */
  places: Uint32Array
  used: number
  /** Number of upper bits that all hashes in it share. */
  depth: number
}

export interface HashIndex {
  depth: number
  /** 2^depth pointers; several may point to one table. */
  directory: Table[]
}

const PLACES = { first: 8, most: 16_384 } as const
const FULL = 11 / 16
const SPARSE = 1 / 8
const NONE = -1

export const createHashIndex = (): HashIndex => ({ depth: 0, directory: [createTable(PLACES.first, 0)] })

/**
 * The reference with this hash that `matches` accepts, or -1. References are integers below 2^32 - 1; 32 bits of the
 * hash count.
 */
export function lookUp(index: HashIndex, hash: number, matches: (reference: number) => boolean): number {
  const { places } = tableOf(index, hash)
  const mask = places.length - 2
  for (let at = (hash << 1) & mask; places[at + 1] !== 0; at = (at + 2) & mask) {
    if ((places[at]! ^ hash) !== 0) continue
    const reference = places[at + 1]! - 1
    if (matches(reference)) return reference
  }
  return NONE
}

/** Adds a reference that is not in it. */
export function insert(index: HashIndex, hash: number, reference: number): void {
  let table = tableOf(index, hash)
  while (table.used >= sizeOf(table) * FULL) {
    if (sizeOf(table) < PLACES.most) resize(table, sizeOf(table) * 2)
    else split(index, hash)
    table = tableOf(index, hash)
  }
  put(table, hash, reference + 1)
}

/** Removes a reference that is in it. */
export function remove(index: HashIndex, hash: number, reference: number): void {
  const table = tableOf(index, hash)
  const { places } = table
  const mask = places.length - 2
  let hole = (hash << 1) & mask
  while (places[hole + 1] !== reference + 1) {
    if (places[hole + 1] === 0) throw new Error('the index does not have this reference')
    hole = (hole + 2) & mask
  }
  // Later entries move up unless that would put them before their own slot.
  for (let at = (hole + 2) & mask; places[at + 1] !== 0; at = (at + 2) & mask) {
    const home = (places[at]! << 1) & mask
    if (((at - home) & mask) < ((at - hole) & mask)) continue
    places[hole] = places[at]!
    places[hole + 1] = places[at + 1]!
    hole = at
  }
  places[hole + 1] = 0
  table.used--
  if (sizeOf(table) > PLACES.first && table.used < sizeOf(table) * SPARSE) resize(table, sizeOf(table) / 2)
}

/** Bytes of its tables. */
export function indexBytes({ directory }: HashIndex): number {
  let bytes = directory.length * 8
  for (const { places } of new Set(directory)) bytes += places.byteLength
  return bytes
}

export const sizeOf = ({ places }: Table): number => places.length / 2

const tableOf = ({ depth, directory }: HashIndex, hash: number): Table =>
  directory[depth === 0 ? 0 : hash >>> (32 - depth)]!

const createTable = (size: number, depth: number): Table => ({ places: new Uint32Array(2 * size), used: 0, depth })

function put(table: Table, hash: number, place: number): void {
  const { places } = table
  const mask = places.length - 2
  let at = (hash << 1) & mask
  while (places[at + 1] !== 0) at = (at + 2) & mask
  places[at] = hash
  places[at + 1] = place
  table.used++
}

function resize(table: Table, size: number): void {
  const { places } = table
  table.places = new Uint32Array(2 * size)
  table.used = 0
  for (let at = 0; at < places.length; at += 2) if (places[at + 1] !== 0) put(table, places[at]!, places[at + 1]!)
}

/** Splits the table of this hash in two, by the next bit of the hashes. */
function split(index: HashIndex, hash: number): void {
  const full = tableOf(index, hash)
  if (full.depth === index.depth) {
    index.directory = index.directory.flatMap(table => [table, table])
    index.depth++
  }
  const depth = full.depth + 1
  const halves = [createTable(PLACES.most, depth), createTable(PLACES.most, depth)] as const
  const { places } = full
  for (let at = 0; at < places.length; at += 2) {
    if (places[at + 1] === 0) continue
    const other = places[at]!
    put(halves[(other >>> (32 - depth)) & 1]!, other, places[at + 1]!)
  }
  // The pointers to one table are neighbours.
  const { directory } = index
  const width = 2 ** (index.depth - full.depth)
  const first = index.depth === 0 ? 0 : Math.floor((hash >>> (32 - index.depth)) / width) * width
  for (let at = 0; at < width; at++) directory[first + at] = halves[at < width / 2 ? 0 : 1]!
}
