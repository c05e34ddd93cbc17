/** Waiting until there is room again: one waits, somebody else says when. */

export class Room {
  #onRoom: () => void = () => undefined

  /** Resolves with `made`, or when the bus closes. */
  wait(closing: AbortSignal): Promise<void> {
    if (closing.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const end = () => {
        closing.removeEventListener('abort', end)
        this.#onRoom = () => undefined
        resolve()
      }
      closing.addEventListener('abort', end)
      this.#onRoom = end
    })
  }

  made(): void {
    this.#onRoom()
  }
}
