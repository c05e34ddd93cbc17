/** A button that makes a call, says that it works after a moment, and shows why it failed beside it. */
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { queries } from '../session/session.ts'
import { w } from '../words/words.ts'
import { Problem } from './state.tsx'

const SAID_AFTER_MS = 300

export function useAct<T, V = void>(work: (input: V) => Promise<T>, after?: (result: T) => void) {
  return useMutation<T, unknown, V>({
    mutationFn: work,
    onSuccess: async result => {
      await queries.invalidateQueries()
      after?.(result)
    },
  })
}

export function Act({
  act,
  look = '',
  disabled = false,
  children,
}: {
  act: { isPending: boolean; error: unknown; mutate(): void }
  look?: '' | 'main-act' | 'grave' | 'small'
  disabled?: boolean
  children: ReactNode
}) {
  const isLong = useLater(act.isPending)
  return (
    <>
      <button
        type="button"
        className={`button ${look}`}
        disabled={act.isPending || disabled}
        onClick={() => act.mutate()}
      >
        {children}
      </button>
      {isLong && (
        <span className="quiet" role="status">
          {w.states.working}
        </span>
      )}
      {act.error !== null && act.error !== undefined && (
        <Problem title={w.states.failedAct} error={act.error} again={() => act.mutate()} />
      )}
    </>
  )
}

function useLater(isOn: boolean): boolean {
  const [shown, setShown] = useState(false)
  useEffect(() => {
    if (!isOn) return setShown(false)
    const timer = setTimeout(() => setShown(true), SAID_AFTER_MS)
    return () => clearTimeout(timer)
  }, [isOn])
  return shown
}
