/** Listening to a signal that many calls share: one listener on the signal, however many calls there are. */

const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>()

/** Calls back once when the signal is aborted. The result ends that. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined
  const callbacks = callbacksOf.get(signal) ?? listenTo(signal)
  // Another object each time, so that the same function may listen twice.
  const own = () => callback()
  callbacks.add(own)
  return () => void callbacks.delete(own)
}

/** Eleven listeners on one signal make Node print a warning. */
function listenTo(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>()
  callbacksOf.set(signal, callbacks)
  const all = () => {
    for (const callback of [...callbacks]) callback()
    callbacks.clear()
  }
  signal.addEventListener('abort', all, { once: true })
  return callbacks
}
