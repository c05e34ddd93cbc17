import type { Wire } from '../protocol/wire.ts'

/** A wire that is opened on first use; a failed opening is tried again with the next use. */
export interface LazyWire {
  open(): Promise<Wire>
  /** Undefined: not open yet. */
  current(): Wire | undefined
  close(): Promise<void>
}

export function createLazyWire(openWire: () => Promise<Wire>): LazyWire {
  let opening: Promise<Wire> | undefined
  let wire: Wire | undefined
  return {
    open() {
      opening ??= openWire().then(
        each => {
          wire = each
          return each
        },
        error => {
          opening = undefined
          throw error
        },
      )
      return opening
    },
    current: () => wire,
    async close() {
      await opening?.then(
        each => each.close(),
        () => undefined,
      )
    },
  }
}
