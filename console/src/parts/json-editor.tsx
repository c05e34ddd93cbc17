/**
 * An editor of JSON text, loaded when it is needed. It lives in a shadow root, where its styles are sheets of the
 * document's own making: the policy of the page lets no element of style in.
 */
import { autocompletion, type CompletionContext, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language'
import { type Diagnostic, linter, lintGutter, lintKeymap } from '@codemirror/lint'
import { EditorState, type Extension, StateEffect } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers, type ViewUpdate } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { useEffect, useRef } from 'react'
import { type Completing, completionsAt } from '../form/complete.ts'
import { placeOf } from '../form/place-of.ts'

/** What the platform says of a place of the text. */
export interface Note {
  path: string
  message: string
  severity: 'error' | 'warning'
  /** The whole text without the fault, and what it does. */
  fix?: { name: string; text: string } | undefined
}

interface Editor {
  label: string
  value: string
  notes?: readonly Note[]
  schema?: Completing | undefined
  onChange(text: string): void
}

const LINT_MS = 50
/** What the platform says of the text has changed. */
const renoted = StateEffect.define<null>()
const isRenoted = ({ transactions }: ViewUpdate) =>
  transactions.some(({ effects }) => effects.some(effect => effect.is(renoted)))

const THEME = EditorView.theme({
  '&': { backgroundColor: 'var(--sunken)', color: 'var(--text)', fontSize: '12.5px', maxHeight: '420px' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--quiet)', border: '0' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'var(--selected) !important' },
  '.cm-matchingBracket': { outline: '1px solid var(--accent)' },
  '.cm-tooltip': { backgroundColor: 'var(--surface)', color: 'var(--text)', border: '1px solid var(--line-strong)' },
})

const COLOURS = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)' },
  { tag: tags.separator, color: 'var(--quiet)' },
])

/** Tab leaves the editor, as everywhere; Ctrl-M lets it indent. */
const extensionsOf = (
  label: string,
  onText: (text: string) => void,
  notes: () => readonly Note[],
  schema: () => Completing | undefined,
): Extension[] => [
  [lineNumbers(), foldGutter(), history(), drawSelection(), indentOnInput(), bracketMatching()],
  [json(), syntaxHighlighting(COLOURS), THEME, EditorView.lineWrapping],
  autocompletion({ override: [context => completing(context, schema())] }),
  keymap.of([
    ...completionKeymap,
    ...defaultKeymap,
    ...historyKeymap,
    ...foldKeymap,
    ...lintKeymap,
    { ...indentWithTab, key: 'Ctrl-m' },
  ]),
  [lintGutter(), linter(jsonParseLinter())],
  linter(view => diagnosticsOf(view.state.doc.toString(), notes()), { delay: LINT_MS, needsRefresh: isRenoted }),
  EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
  EditorView.updateListener.of(update => {
    if (update.docChanged) onText(update.state.doc.toString())
  }),
]

const diagnosticsOf = (text: string, notes: readonly Note[]): Diagnostic[] =>
  notes.flatMap(({ path, message, severity, fix }) => {
    const place = placeOf(text, path)
    if (place === undefined) return []
    const actions = fix && { actions: [{ name: fix.name, apply: (view: EditorView) => replaceAll(view, fix.text) }] }
    return [{ ...place, message, severity, ...actions }]
  })

function replaceAll(view: EditorView, insert: string): void {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert } })
}

/** At a name or a value; between them only when asked for (Ctrl-Space). */
function completing({ state, pos, explicit }: CompletionContext, schema: Completing | undefined) {
  if (schema === undefined || (!explicit && !/["\w]$/.test(state.sliceDoc(Math.max(0, pos - 1), pos)))) return null
  const found = completionsAt(state.doc.toString(), pos, schema)
  if (found === undefined) return null
  const after = state.sliceDoc(pos, pos + 1)
  const options = found.options.map(option => ({
    ...option,
    // The quote that closes was put in with the one that opens.
    apply: (view: EditorView, _of: unknown, from: number, to: number) =>
      view.dispatch({
        changes: { from, to: after === '"' ? to + 1 : to, insert: option.apply },
        selection: { anchor: from + option.apply.length },
      }),
    label: option.apply.startsWith('"') ? `"${option.label.replaceAll('"', '')}"` : option.label,
    displayLabel: option.label,
  }))
  return { from: found.from, options }
}

export default function JsonEditor({ label, value, notes = [], schema, onChange }: Editor) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const latest = useRef({ onChange, notes, schema })
  latest.current = { onChange, notes, schema }
  // biome-ignore lint/correctness/useExhaustiveDependencies: the editor is made once; its text is set below
  useEffect(() => {
    const element = host.current
    if (element === null) return
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' })
    const made = new EditorView({
      state: EditorState.create({
        doc: value,
        extensions: extensionsOf(
          label,
          text => latest.current.onChange(text),
          () => latest.current.notes,
          () => latest.current.schema,
        ),
      }),
      parent: root,
      root,
    })
    view.current = made
    return () => made.destroy()
  }, [])
  useEffect(() => {
    const shown = view.current
    if (shown === undefined || shown.state.doc.toString() === value) return
    replaceAll(shown, value)
  }, [value])
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the platform says has changed
  useEffect(() => {
    view.current?.dispatch({ effects: renoted.of(null) })
  }, [notes])
  return <div ref={host} className="json-editor" />
}
