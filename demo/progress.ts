/** A line that changes in place on a terminal; elsewhere a new line now and then. */
import type { Clock, Timer } from '../src/clock.ts'

export interface Progress {
  /** A line that stays. */
  say(text: string): void
  /** Shows what `line` answers, again and again, until something else is shown. */
  watch(line: () => string): void
  /** Shows the last state of the watched figures, and leaves it on the screen. */
  end(): void
}

const TERMINAL_EVERY_MS = 100
const ELSEWHERE_EVERY_MS = 5_000
const CLEAR = '\r\u001b[2K'

export function createProgress({ stream, clock }: { stream: NodeJS.WriteStream; clock: Clock }): Progress {
  let watched: (() => string) | undefined
  let timer: Timer | undefined

  function show(): void {
    stream.write(stream.isTTY ? `${CLEAR}  ${watched?.()}` : `  ${watched?.()}\n`)
    timer = clock.after(stream.isTTY ? TERMINAL_EVERY_MS : ELSEWHERE_EVERY_MS, show)
  }

  function end(): void {
    if (!watched) return
    timer?.cancel()
    stream.write(stream.isTTY ? `${CLEAR}  ${watched()}\n` : `  ${watched()}\n`)
    watched = undefined
  }

  return {
    end,
    say(text) {
      end()
      stream.write(`${text}\n`)
    },
    watch(line) {
      end()
      watched = line
      if (stream.isTTY) show()
      else timer = clock.after(ELSEWHERE_EVERY_MS, show)
    },
  }
}
