import { type ReactNode, useEffect } from 'react'
import { w } from '../words/words.ts'

/** The head of a screen; `title` is also the title of the window. */
export function Page({
  title,
  beside,
  acts,
  children,
}: {
  title: string
  /** State and address, beside the title. */
  beside?: ReactNode
  acts?: ReactNode
  children: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · ${w.product}`
  }, [title])
  return (
    <>
      <header className="page-head">
        <h1 tabIndex={-1}>{title}</h1>
        {beside}
        {acts !== undefined && <div className="acts">{acts}</div>}
      </header>
      {children}
    </>
  )
}
