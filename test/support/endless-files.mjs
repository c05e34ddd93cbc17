/**
 * A test that never lets go of its worker cannot be ended by a limit, which needs a turn of that worker's event loop. This
 * reporter names files that run for long, and ends a run in which one goes on for ever.
 */
const NAMED_AFTER_MS = 10 * 60_000
const ENDED_AFTER_MS = 30 * 60_000
const LOOK_MS = 60_000

export default class EndlessFiles {
  #running = new Map()
  #timer

  onRunStart() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS)
    this.#timer.unref()
  }

  onTestFileStart({ path }) {
    this.#running.set(path, performance.now())
  }

  onTestFileResult({ path }) {
    this.#running.delete(path)
  }

  onRunComplete() {
    clearInterval(this.#timer)
  }

  #look() {
    for (const [path, sinceMs] of this.#running) {
      const ms = performance.now() - sinceMs
      if (ms < NAMED_AFTER_MS) continue
      console.error(`clarion: ${path} has run for ${Math.round(ms / 60_000)} minutes`)
      if (ms < ENDED_AFTER_MS) continue
      console.error('clarion: it does not end; the run ends here')
      process.exit(1)
    }
  }
}
